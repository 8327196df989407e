"""The inbox: every outside fact first becomes a row, and every pull remembers where it stands."""
