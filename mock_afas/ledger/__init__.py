"""The rules of the books: what AFAS accepts and what it makes of it. Knows no HTTP and no SQL."""
