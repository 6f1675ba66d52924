"""Writers: tables, curves and texts in the terminal, HTML, Markdown and files."""
