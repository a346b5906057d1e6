"""Tracking of runs with TensorBoard, MLflow and Weights & Biases."""
