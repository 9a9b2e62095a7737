"""好差评: whoever the bureau served says how; one matter, one evaluation; bad ones are called back."""
