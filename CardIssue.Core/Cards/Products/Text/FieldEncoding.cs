namespace CardIssue.Core.Cards.Products.Text;

/// <summary>How a field's text becomes bytes.</summary>
internal enum FieldEncoding
{
    /// <summary>Printable ASCII as it stands.</summary>
    Ascii = 1,
    /// <summary>Hexadecimal digits.</summary>
    Hex = 2,
    /// <summary>Decimal digits, two to a byte, an odd last one padded with F at the right (EMV "cn"): a PAN.</summary>
    Digits = 3,
    /// <summary>Decimal digits, two to a byte, padded with 0 at the left (EMV "n"): a sequence number, a code.</summary>
    Number = 4,
    /// <summary>A date as YYYY-MM-DD, to YYMMDD, two digits to a byte.</summary>
    Date = 5,
    /// <summary>Track 2 equivalent data with D as the separator, an odd last digit padded with F (EMV tag 57).</summary>
    Track2 = 6,
    /// <summary>UTF-8 (RFC 3629).</summary>
    Utf8 = 7,
    /// <summary>Shift_JIS as Windows has it (IANA "Windows-31J"): half-width katakana in one byte, kanji in two.</summary>
    ShiftJis = 8,
    /// <summary>JIS X 0201: ASCII with a yen sign and an overline, and half-width katakana.</summary>
    JisX0201 = 9,
    /// <summary>ISO/IEC 8859-1.</summary>
    Iso8859Part1 = 11,
    /// <summary>ISO/IEC 8859-2.</summary>
    Iso8859Part2 = 12,
    /// <summary>ISO/IEC 8859-3.</summary>
    Iso8859Part3 = 13,
    /// <summary>ISO/IEC 8859-4.</summary>
    Iso8859Part4 = 14,
    /// <summary>ISO/IEC 8859-5.</summary>
    Iso8859Part5 = 15,
    /// <summary>ISO/IEC 8859-6.</summary>
    Iso8859Part6 = 16,
    /// <summary>ISO/IEC 8859-7.</summary>
    Iso8859Part7 = 17,
    /// <summary>ISO/IEC 8859-8.</summary>
    Iso8859Part8 = 18,
    /// <summary>ISO/IEC 8859-9.</summary>
    Iso8859Part9 = 19,
    /// <summary>ISO/IEC 8859-10.</summary>
    Iso8859Part10 = 20,
    /// <summary>ISO/IEC 8859-11.</summary>
    Iso8859Part11 = 21,
    /// <summary>ISO/IEC 8859-13.</summary>
    Iso8859Part13 = 23,
    /// <summary>ISO/IEC 8859-14.</summary>
    Iso8859Part14 = 24,
    /// <summary>ISO/IEC 8859-15.</summary>
    Iso8859Part15 = 25,
    /// <summary>ISO/IEC 8859-16.</summary>
    Iso8859Part16 = 26,
}
