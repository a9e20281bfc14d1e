"""Where the kernel's time goes, and how it grows with the file."""
