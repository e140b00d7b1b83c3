"""Fine-tunes YOLO11n to the one class person, and makes the two files in `weights/`."""
