"""From labelled pictures to a model package.

NumPy only: plan, datasets, views, splits, metrics, scores, calibration, and the drawn photos. Torch: encoders,
tile_network, pixel_network, probes, feature_bank, fit, tile_training, pixel_training, export, train.
"""
