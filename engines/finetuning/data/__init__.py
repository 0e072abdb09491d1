"""What a classifier learns from: tables, folders of pictures, bundled sets."""
