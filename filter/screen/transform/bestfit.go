package transform

// bestFitted lists, for an ASCII character, the code points that code page 20127
// (US-ASCII) folds to it in Windows' best-fit tables, which is what ModSecurity's
// unicode.mapping holds for it; the full width forms are left out.
var bestFitted = map[byte]string{
	' ':  "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006",
	'!':  "\u00a1",
	'"':  "\u02ba\u030e\u201c\u201d\u201e",
	'$':  "\u00a4",
	'\'': "\u02b9\u02bc\u02c8\u2018\u2019\u2032",
	',':  "\u00b8\u201a",
	'-':  "\u00ad\u2010\u2011\u2013\u2014",
	'.':  "\u00b7\u2022\u2026",
	'1':  "\u00b9",
	'2':  "\u00b2",
	'3':  "\u00b3",
	'<':  "\u00ab\u2039",
	'>':  "\u00bb\u203a",
	'A':  "ÀÁÂÃÄÅÆĀĂĄǍǞ",
	'C':  "\u00a9ÇĆĈĊČ",
	'D':  "ÐĎĐƉ",
	'E':  "ÈÉÊËĒĔĖĘĚ",
	'F':  "Ƒ",
	'G':  "ĜĞĠĢǤǦ",
	'H':  "ĤĦ",
	'I':  "ÌÍÎÏĨĪĬĮİƗǏ",
	'J':  "Ĵ",
	'K':  "ĶǨ",
	'L':  "ĹĻĽŁ",
	'N':  "ÑŃŅŇ",
	'O':  "ÒÓÔÕÖØŌŎŐŒƟƠǑǪǬ",
	'R':  "\u00aeŔŖŘ",
	'S':  "ŚŜŞŠ",
	'T':  "ŢŤŦƮ\u2122",
	'U':  "ÙÚÛÜŨŪŬŮŰŲƯǓǕǗǙǛ",
	'W':  "Ŵ",
	'Y':  "\u00a5ÝŶŸ",
	'Z':  "ŹŻŽ",
	'^':  "\u02c4\u02c6\u0302",
	'_':  "\u02cd\u0331\u0332",
	'`':  "\u02cb\u0300\u2035",
	'a':  "ªàáâãäåæāăąǎǟ",
	'b':  "ƀ",
	'c':  "\u00a2çćĉċč",
	'd':  "ďđ",
	'e':  "èéêëēĕėęě",
	'f':  "ƒ",
	'g':  "ĝğġģǥǧɡ",
	'h':  "ĥħ",
	'i':  "ìíîïĩīĭįıǐ",
	'j':  "ĵǰ",
	'k':  "ķǩ",
	'l':  "ĺļľłƚ",
	'n':  "ñńņň",
	'o':  "ºòóôõöøōŏőœơǒǫǭ",
	'r':  "ŕŗř",
	's':  "śŝşš",
	't':  "ţťŧƫ",
	'u':  "ùúûüũūŭůűųưǔǖǘǚǜ",
	'w':  "ŵ",
	'y':  "ýÿŷ",
	'z':  "żžƶ",
	'|':  "\u00a6",
	'~':  "\u02dc\u0303",
}

// bestFits is bestFitted by code point; 0 stands for none.
var bestFits = func() map[uint16]byte {
	fits := map[uint16]byte{}
	for ascii, points := range bestFitted {
		for _, r := range points {
			fits[uint16(r)] = ascii
		}
	}
	return fits
}()

// bestFit folds a %uHHHH code point to a byte: its best fit, else its low byte.
func bestFit(point uint16) byte {
	if ascii := bestFits[point]; ascii != 0 {
		return ascii
	}
	return byte(halfWidth(rune(point)))
}
