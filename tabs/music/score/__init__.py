"""The score: a tune drawn by abcjs, played through WebAudio, with a cursor that follows."""
