// Package bert implements the BERT family of masked language models (Devlin et
// al. 2019, arXiv 1810.04805): configuration, parameters and loss.
package bert
