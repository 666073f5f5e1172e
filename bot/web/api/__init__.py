"""`/api/v1`: what Discord can do, for programs. Thin: parse, call one use-case, render."""
