// Package hub downloads files of datasets and models from the Hugging Face Hub.
// It keeps them in the cache that Hugging Face's programs share, and uses the
// cache when the Hub cannot be reached. It checks files against the Hub's hashes,
// after the download and, once on each machine, when it finds them in the cache;
// see package verified. Damaged files are downloaded again, or are an error
// offline.
//
// A server cannot keep it busy for ever: it follows ten redirects and none in a
// circle, takes no more bytes than the list of files promises (1 GiB where it
// promises nothing, 256 MiB for the list itself), and gives up after a minute in
// which nothing comes.
//
// It reads the environment variables that Hugging Face documents: HF_ENDPOINT,
// HF_TOKEN, HF_HUB_CACHE, HF_HOME and HF_HUB_OFFLINE.
package hub
