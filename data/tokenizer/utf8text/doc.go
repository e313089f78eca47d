// Package utf8text does with characters what the reference tokenizers do: it mends
// text that is not valid UTF-8, lowercases, normalizes, and knows accents and
// punctuation. Their languages and libraries hold other versions of Unicode than
// Go's standard library and golang.org/x/text, which are at Unicode 15.
package utf8text
