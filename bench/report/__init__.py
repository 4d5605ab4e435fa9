"""One page of figures and pictures: measured, told in words, drawn, written."""
