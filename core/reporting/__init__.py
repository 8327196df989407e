"""Read models: what pages and the command line show. Nothing here changes a row."""
