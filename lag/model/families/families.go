// Package families registers the families of this module with package model.
// Import it for this side effect.
package families

import (
	_ "github.com/landscape-aware/growing/lag/model/bert"
	_ "github.com/landscape-aware/growing/lag/model/ul2"
)
