"""What people see: the frame and one script per screen, in section folders."""
