"""HTTP emulators of the outside systems, a simulated company that lives in them, and faults on demand."""
