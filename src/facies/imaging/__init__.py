"""Pure arrays: from a photo to tiles, from tiles to a label map, from a label map to a picture."""
