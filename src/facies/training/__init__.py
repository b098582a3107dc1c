"""From labelled pictures to a model package.

NumPy only: plan, datasets, views, splits, metrics, scores, calibration, and the drawn photos. Torch: network, fit,
feature_bank, tile_training, pixel_training, export, train.
"""
