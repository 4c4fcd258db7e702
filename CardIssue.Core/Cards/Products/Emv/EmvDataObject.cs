using CardIssue.Core.Cards.Tlv;

namespace CardIssue.Core.Cards.Products.Emv;

/// <summary>How the value of a data object is written (EMV Book 3 §4.3).</summary>
internal enum EmvFormat
{
    /// <summary>Letters.</summary>
    A,
    /// <summary>Letters and digits, padded with 00 at the right.</summary>
    An,
    /// <summary>The common character set (EMV Book 4 annex B: 20 to 7E), padded with 00 at the right.</summary>
    Ans,
    /// <summary>Bytes, or bits.</summary>
    B,
    /// <summary>Digits, two to a byte, padded with F at the right.</summary>
    Cn,
    /// <summary>Digits, two to a byte, padded with 0 at the left.</summary>
    N,
    /// <summary>What the name or the rule says: data objects, for one.</summary>
    Var,
}

/// <summary>What the format alone does not say.</summary>
internal enum EmvRule
{
    None,
    /// <summary>A card number with its fillers.</summary>
    Pan,
    /// <summary>Number, D, expiry, service code, discretionary data.</summary>
    Track2,
    /// <summary>YYMMDD, a day that there is.</summary>
    Date,
    /// <summary>HHMMSS, a time that there is.</summary>
    Time,
    /// <summary>Three digits.</summary>
    ServiceCode,
    /// <summary>Entries of four bytes (EMV Book 3 §10.2).</summary>
    FileLocator,
    /// <summary>Two amounts and rules of two bytes (EMV Book 3 §10.5).</summary>
    CvmList,
    /// <summary>Tags and lengths (EMV Book 3 §5.4).</summary>
    ObjectList,
    /// <summary>The tag of the AIP and no other (EMV Book 3 §10.3).</summary>
    TagList,
    /// <summary>01 to 10, a part of ISO/IEC 8859.</summary>
    CodeTable,
    /// <summary>Letters, digits and spaces.</summary>
    Label,
    /// <summary>Characters of the part of ISO/IEC 8859 that tag 9F11 names: no control characters, at the least.</summary>
    PreferredName,
    /// <summary>Languages of two letters each (ISO 639).</summary>
    Languages,
    /// <summary>A short file identifier, 1 to 30.</summary>
    ShortFile,
    /// <summary>SFI 11 to 30 and how many records (EMV Book 3 annex D).</summary>
    LogEntry,
    /// <summary>One length or the other, nothing between.</summary>
    MinOrMax,
}

/// <summary>A row of the dictionary.</summary>
/// <param name="Tag">The tag.</param>
/// <param name="Name">What the standard calls it, or its abbreviation.</param>
/// <param name="Format">How it is written.</param>
/// <param name="Min">The fewest bytes.</param>
/// <param name="Max">The most bytes.</param>
/// <param name="Source">The standard that has it.</param>
/// <param name="Rule">What the format alone does not say.</param>
/// <param name="Digits">Of a number: how many digits one element has; 0 when the bytes say it.</param>
internal sealed record EmvDataObject(
    BerTag Tag, string Name, EmvFormat Format, int Min, int Max, string Source, EmvRule Rule = EmvRule.None, int Digits = 0);
