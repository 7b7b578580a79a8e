"""What must be right about a program beyond types, part by part."""
