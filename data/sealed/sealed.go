// Package sealed writes and reads JSON files that carry a checksum of
// themselves, so that a file that changed on the disk is noticed. The checksum
// is the last field of the object, "sha256". File and checksum appear together,
// because they are one file. Files without a checksum, such as those of earlier
// versions, are read as they are.
package sealed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/strictjson"
)

// field is the name of the checksum. The checksum is the SHA-256, in
// hexadecimal digits, of all bytes of the file before the comma that precedes
// the field.
const field = "sha256"

const (
	before = ",\n  \"" + field + "\": \""
	after  = "\"\n}"
	digits = 2 * sha256.Size
)

// DamagedError is the error of a file that was truncated or changed after it
// was written.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("%s is damaged: %v", e.Path, e.Err) }

// Unwrap returns what is wrong with the contents.
func (e *DamagedError) Unwrap() error { return e.Err }

// IsDamaged reports whether an error says that the contents of a file are
// damaged. Other errors, such as missing permissions, may be temporary.
func IsDamaged(err error) bool {
	_, ok := errors.AsType[*DamagedError](err)
	return ok
}

// VersionError is the error of a file that is as it was written, but means
// nothing to this version of the program.
type VersionError struct {
	Path string
	Err  error
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s was written by another version of this program, or is another file: %v", e.Path, e.Err)
}

// Unwrap returns why the contents could not be decoded.
func (e *VersionError) Unwrap() error { return e.Err }

// IsOtherVersion reports whether an error says that a file is as it was written,
// but not for this version of the program.
func IsOtherVersion(err error) bool {
	_, ok := errors.AsType[*VersionError](err)
	return ok
}

var errChanged = errors.New("it was changed after it was written: its contents do not have the recorded checksum")

// Write writes a value, which must be a JSON object with at least one field, to
// the file at path, with its checksum. After an error the file is unchanged.
func Write(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	text, closed := bytes.CutSuffix(text, []byte("\n}"))
	if !closed || text[0] != '{' {
		return fmt.Errorf("writing %s: only a JSON object with fields can have a checksum", path)
	}
	sum := sha256.Sum256(text)
	return atomicfile.WriteBytes(path, append(append(append(text, before...), hex.EncodeToString(sum[:])...), after+"\n"...))
}

// Read reads a JSON object from the file at path and compares it with its
// checksum, if it has one. If the contents are damaged, the error is a
// [DamagedError]; if only their checksum is right, a [VersionError]; if the file
// does not exist, it wraps [os.ErrNotExist].
func Read(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	contents, err := Open(text)
	if err != nil {
		return &DamagedError{path, err}
	}
	return decode(path, text, contents, into)
}

// ReadEdited is [Read] for files that people edit, such as configurations. Where
// the checksum is wrong and the contents can be decoded, it decodes them, and
// changed is true.
func ReadEdited(path string, into any) (changed bool, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	contents, err := Open(text)
	if err != nil {
		contents, changed = Strip(text), true
	}
	return changed, decode(path, text, contents, into)
}

// decode decodes the contents of the file at path, whose whole text has the
// checksum too.
func decode(path string, text, contents []byte, into any) error {
	err := strictjson.Unmarshal(contents, into)
	if err == nil {
		return nil
	}
	if _, _, ok := cut(text); ok {
		return &VersionError{path, err}
	}
	return &DamagedError{path, err}
}

// Open returns the JSON object in a text without its checksum. It returns an
// error if the text is not a JSON object, or does not have its checksum.
func Open(text []byte) (contents []byte, err error) {
	contents, found, ok := cut(text)
	switch {
	case ok:
		return contents, nil
	case found:
		return nil, errChanged
	}
	fields, err := fieldsOf(text)
	if err != nil {
		return nil, err
	}
	if _, ok := fields[field]; ok {
		return nil, errChanged
	}
	return text, nil
}

// Strip returns a JSON object without its checksum, which need not be right: a
// person may have changed the object on purpose. It returns a text that is not a
// JSON object unchanged.
func Strip(text []byte) []byte {
	if contents, found, _ := cut(text); found {
		return contents
	}
	fields, err := fieldsOf(text)
	if _, ok := fields[field]; err != nil || !ok {
		return text
	}
	delete(fields, field)
	contents, err := json.Marshal(fields)
	if err != nil {
		return text
	}
	return contents
}

// cut removes the checksum from the end of a text. found reports whether the
// text ends with one, and ok whether it is right.
func cut(text []byte) (contents []byte, found, ok bool) {
	body, closed := bytes.CutSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte(after))
	if !closed || len(body) < digits {
		return nil, false, false
	}
	recorded := body[len(body)-digits:]
	body, found = bytes.CutSuffix(body[:len(body)-digits], []byte(before))
	if !found {
		return nil, false, false
	}
	sum := sha256.Sum256(body)
	return append(bytes.Clone(body), "\n}\n"...), true, hex.EncodeToString(sum[:]) == string(recorded)
}

// fieldsOf returns the fields of a JSON object. A text that cannot contain the
// checksum's name is not decoded; the caller's decoder checks it.
func fieldsOf(text []byte) (fields map[string]json.RawMessage, err error) {
	if len(text) > 0 && !bytes.Contains(text, []byte(`"`+field+`"`)) {
		return nil, nil
	}
	return fields, json.Unmarshal(text, &fields)
}
