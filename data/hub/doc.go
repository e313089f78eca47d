// Package hub downloads files of datasets and models from the Hugging Face Hub.
// It keeps them in the cache that Hugging Face's programs share, checks them
// against the Hub's hashes, and uses the cache when the Hub cannot be reached.
//
// It reads the environment variables that Hugging Face documents: HF_ENDPOINT,
// HF_TOKEN, HF_HUB_CACHE, HF_HOME and HF_HUB_OFFLINE.
package hub
