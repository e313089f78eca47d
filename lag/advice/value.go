package advice

import "fmt"

// ValueError is the error of a value that a field cannot have. Its text begins
// with the field's name, or with the user's word for it.
type ValueError struct {
	Field   string
	Problem string // such as "is -1; it must be at least 1"
}

// Value returns the error of a value that a field cannot have. The format says
// what follows the field's name.
func Value(field, format string, args ...any) error {
	return &ValueError{field, fmt.Sprintf(format, args...)}
}

func (e *ValueError) Error() string { return e.With(nil) }

// With returns the text of the error with the user's word for the field.
func (e *ValueError) With(w Words) string { return w.For(e.Field) + " " + e.Problem }
