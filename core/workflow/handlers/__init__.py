"""Handlers by stage: (command, context) → outcome. They only put rooms in sequence."""
