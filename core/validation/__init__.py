"""Rules: facts of a document in, findings out."""
