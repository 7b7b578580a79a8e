"""What is found by playing a program: flaws, test cases that do not hold, what a comparison takes for granted."""
