package safetensors

// Bytes is how many bytes the tensor takes in its file.
func (e Entry) Bytes() int64 { return e.end - e.begin }

// IsFloat tells whether [File.Floats] reads tensors of the type.
func (t DType) IsFloat() bool {
	_, ok := floats[t]
	return ok
}
