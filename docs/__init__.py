"""What people read; a page that is made from the code has a module of its name."""
