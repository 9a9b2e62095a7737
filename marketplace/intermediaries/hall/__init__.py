"""The hall: calls for its windows, the judges' marks, who sits where and until when."""
