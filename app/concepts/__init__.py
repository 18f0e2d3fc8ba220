"""Area 5: concepts, which an external AI service makes in its own time, watched live."""
