"""What follows runs: TensorBoard, MLflow, Weights & Biases."""
