package tokenizer

import (
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/data/tokenizer/component"
	"github.com/landscape-aware/growing/data/tokenizer/settings"
)

// profile is what a class of transformers' tokenizers makes of a vocabulary.
type profile struct {
	kind    Kind
	special map[string]string // the special tokens that it has by default
}

var (
	bertProfile = &profile{WordPiece, map[string]string{
		"unk_token": Unk, "sep_token": Sep, "pad_token": Pad, "cls_token": Cls, "mask_token": Mask,
	}}
	t5Profile      = &profile{Unigram, map[string]string{"eos_token": endOfText, "unk_token": "<unk>", "pad_token": "<pad>"}}
	gpt2Profile    = &profile{BPE, map[string]string{"unk_token": "<|endoftext|>", "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}}
	robertaProfile = &profile{BPE, map[string]string{
		"bos_token": "<s>", "eos_token": endOfText, "sep_token": endOfText, "cls_token": "<s>",
		"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>",
	}}
)

// profiles are the profiles of classes. Many classes are BERT's under another name.
var profiles = map[string]*profile{
	"BertTokenizer": bertProfile, "DistilBertTokenizer": bertProfile, "ElectraTokenizer": bertProfile, "MobileBertTokenizer": bertProfile,
	"ConvBertTokenizer": bertProfile, "SqueezeBertTokenizer": bertProfile, "LayoutLMTokenizer": bertProfile, "LxmertTokenizer": bertProfile,
	"DPRContextEncoderTokenizer": bertProfile, "DPRQuestionEncoderTokenizer": bertProfile,
	"T5Tokenizer":      t5Profile,
	"GPT2Tokenizer":    gpt2Profile,
	"RobertaTokenizer": robertaProfile, "BartTokenizer": robertaProfile, "LongformerTokenizer": robertaProfile,
}

// programs are classes that are programs of their own: they do not read a
// tokenizer.json, and do with text what no file describes.
var programs = []string{
	"BertJapaneseTokenizer", "BertTokenizerLegacy", "BertweetTokenizer", "BioGptTokenizer", "BlenderbotSmallTokenizer", "ByT5Tokenizer", "CanineTokenizer",
	"ClvpTokenizer", "CpmTokenizer", "CpmAntTokenizer", "CTRLTokenizer", "DiaTokenizer", "EsmTokenizer", "FlaubertTokenizer", "FSMTTokenizer",
	"GPTNeoXJapaneseTokenizer", "M2M100Tokenizer", "MarianTokenizer", "MyT5Tokenizer", "PerceiverTokenizer", "PhobertTokenizer", "ProphetNetTokenizer",
	"RoCBertTokenizer", "Speech2TextTokenizer", "TapasTokenizer", "VitsTokenizer", "Wav2Vec2CTCTokenizer", "XLMTokenizer", "BartphoTokenizer",
	"BertGenerationTokenizer", "GPTSw3Tokenizer", "PLBartTokenizer", "SiglipTokenizer", "SpeechT5Tokenizer",
}

// profileOf returns the profile for a file, nil if the file is read as it stands. A
// vocabulary that is not a tokenizer.json does not say how text is cut, so its class must
// be one that is known.
func profileOf(name string, kind Kind, s *settings.Settings) (*profile, error) {
	p := profiles[s.Class]
	switch {
	case s.Class == "" || s.Class == settings.Any:
		return nil, nil
	case s.Guessed && !slices.Contains(programs, s.Class) && (p == nil || p.kind != kind):
		return nil, nil // a model may have another tokenizer than others of its type
	case slices.Contains(programs, s.Class) || p == nil && name != jsonFile:
		return nil, component.Unsupported("%s says that the tokenizer is a %s, which is not supported", s.ClassFile, s.Class)
	case p != nil && p.kind != kind:
		return nil, component.Unsupported("%s says that the tokenizer is a %s, which is not supported with a vocabulary of the kind %s", s.ClassFile, s.Class, kind)
	}
	return p, nil
}

// CheckClass reads the settings in a directory that has no vocabulary which can be read.
// It returns an error that names the class if they are of a tokenizer.
func CheckClass(dir string) error {
	s, err := settings.Read(dir)
	if err != nil {
		return wrap(err)
	}
	path := filepath.Join(dir, s.ClassFile)
	switch {
	case slices.Contains(programs, s.Class):
		err = component.Unsupported("%s says that the tokenizer is a %s, which is not supported", path, s.Class)
	case s.Class != "" && s.ClassFile == settings.ConfigFile:
		err = component.Unsupported("%s says that the tokenizer is a %s, but there is no vocabulary of a kind that is supported", path, s.Class)
	}
	return wrap(err)
}
