// Package hub brings files of the Hugging Face Hub, those of datasets and of
// models, onto this machine. Files are kept in the cache that Hugging Face's
// programs share, are checked against the hashes that the Hub gives, and serve
// where the Hub cannot be reached.
//
// The environment is what Hugging Face documents: HF_ENDPOINT, HF_TOKEN,
// HF_HUB_CACHE, HF_HOME and HF_HUB_OFFLINE.
package hub
