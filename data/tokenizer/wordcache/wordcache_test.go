package wordcache

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestAppend encodes more words than fit, of all lengths, some of them again and again.
func TestAppend(t *testing.T) {
	var c Cache
	misses := 0
	encode := func(dst []int32, word string) []int32 {
		misses++
		for i := range len(word) {
			dst = append(dst, int32(word[i]))
		}
		return dst
	}
	check := func(word string) {
		t.Helper()
		got := Append(&c, []int32{7}, word, encode)
		if want := encode([]int32{7}, word); !slices.Equal(got, want) {
			t.Fatalf("%q: %v, want %v", word, got, want)
		}
		misses--
	}
	for i := range maxSlots {
		check(fmt.Sprint(i))
		check("a longer word " + fmt.Sprint(i))
		if i%16 == 0 {
			check("often")
		}
	}
	if len(c.slots) > maxSlots {
		t.Errorf("%d slots, more than %d", len(c.slots), maxSlots)
	}
	if most := 2*maxSlots + 100; misses > most {
		t.Errorf("%d words were encoded, more than %d", misses, most)
	}
	for n := range MaxWord + 2 {
		check(strings.Repeat("x", n))
		check(strings.Repeat("x", n))
	}
}

// TestKey compares the keys of strings with those of bytes.
func TestKey(t *testing.T) {
	for n := 1; n <= MaxWord; n++ {
		word := strings.Repeat("abcdefg", 10)[:n]
		if Key(word) != Key([]byte(word)) {
			t.Errorf("%q has two keys", word)
		}
	}
	if got := Key("abc"); got != 0x636261 {
		t.Errorf("%#x", got)
	}
}
