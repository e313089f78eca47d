package plugin

import (
	"fmt"
	"os"
	"regexp"
)

// SumEnv is the environment variable with the sha256 of this platform's archive
// in go-xla's release.
const SumEnv = "LAG_PLUGIN_SHA256"

// releases are the sha256 of the archives of go-xla's release [ReleaseVersion],
// by platform. There is none: neither go-xla nor the release's repository has
// them in its files, and a sum from the same answer as the archive proves
// nothing. To pin one, compare an archive that was downloaded on two networks,
// and add it here.
var releases = map[string]string{}

// archives are the sha256 of plugins for other devices on PyPI, by file name, as
// of 2026-11-29.
var archives = map[string]string{
	"jax_cuda13_pjrt-0.11.2-py3-none-manylinux_2_27_x86_64.whl": "e5ff589d43064913bb74027682d89639c7ea48f9f81c2bae6fc75117e913f93e",
	"libtpu-0.0.52-cp311-cp311-manylinux_2_31_x86_64.whl":       "f5e2e596eaea9357fbb5a6755a7a9007c6ab75bfde4a55191b03eff402971140",
	"libtpu-0.0.52-cp312-cp312-manylinux_2_31_x86_64.whl":       "f76ab1f4d697c346371c50058796f6baa93317b89be8cf8a1012715a2655120d",
	"libtpu-0.0.52-cp313-cp313-manylinux_2_31_x86_64.whl":       "bf962d290626e93828f4ffafef96dfff8d8bfd0d64f506ca6f953e6e1e7c8e87",
	"libtpu-0.0.52-cp314-cp314-manylinux_2_31_x86_64.whl":       "1c250f39da2c604eeaace2a552593219d9c6f9a11aefef5fe063b1410a315cec",
	"libtpu-0.0.52-cp314-cp314t-manylinux_2_31_x86_64.whl":      "ea2fed72da6931352369ec5d33ecd39ed32410233aa68b6c3c46872003e6cde6",
	"libtpu-0.0.52-cp315-cp315-manylinux_2_31_x86_64.whl":       "9de113b743b5eaeec44be48127f61814760dc450f0ca154d844322eccf33009f",
	"libtpu-0.0.52-cp315-cp315t-manylinux_2_31_x86_64.whl":      "167554bafdbff2f4a65ce5acda131eb6770821b49d242d99ea1bbb2b604be29a",
}

var hexSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// releaseSum returns the sha256 that go-xla's release must have on a platform:
// the user's, or the pinned one. It is empty if there is none; the release is
// not used then. Mend says where the sum is from, and what to do if it differs.
func releaseSum(platform string) (sum, mend string, err error) {
	if given := os.Getenv(SumEnv); given != "" {
		if !hexSum.MatchString(given) {
			return "", "", fmt.Errorf("%s=%q is not a sha256: give 64 hexadecimal digits in lower case", SumEnv, given)
		}
		return given, "the sha256 is that of " + SumEnv + ": correct it, or unset it", nil
	}
	return releases[platform], "the sha256 is the one pinned in kernels/internal/plugin/pins.go: try another network, and report it if it stays", nil
}
