"""The Train page: choice of training and evaluation, augmentation preview, options, progress, curves and outcome."""
