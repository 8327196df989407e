"""Who must agree before a document is released."""
