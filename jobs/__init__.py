"""Background work and the command line: what the clock fires, what the queue carries out."""
