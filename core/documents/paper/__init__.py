"""An invoice or credit memo as a letter: a PDF that is the same, byte for byte, whenever it is made. Pure."""

from core.documents.paper.render import file_name, render_invoice

__all__ = ["file_name", "render_invoice"]
