using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Emv;

/// <summary>Checks values against the dictionary, each by itself. What it says names tags, lengths and reasons, never values.</summary>
internal static class EmvValue
{
    public static readonly BerTag CodeTable = 0x9F11, PreferredName = 0x9F12, ApplicationTemplate = 0x61;

    /// <summary>Tells each data object that EMV defines, and what is wrong with it or null; also those within others.</summary>
    /// <param name="template">The template that the objects are in; null for a data grouping.</param>
    /// <param name="objects">The objects.</param>
    /// <param name="visit">Is told the object and its fault.</param>
    public static void Visit(BerTag? template, ValueList<BerTlv> objects, Action<BerTlv, string?> visit)
    {
        foreach (var item in objects)
        {
            if (EmvDictionary.Defines(template, item.Tag))
            {
                var fault = Fault(item.Tag, item.Value.Span);
                if (fault is null && item.Tag == PreferredName)
                    fault = NameFault(template, BerTlv.Find(objects, CodeTable)?.Value, item.Value.Span);
                visit(item, fault);
            }
            Visit(item.Tag, item.Children, visit);
        }
    }

    /// <summary>What is wrong with a value, as a sentence; null when it is right or EMV does not define the tag.</summary>
    public static string? Fault(BerTag tag, ReadOnlySpan<byte> value)
    {
        if (EmvDictionary.Find(tag) is not { } row) return null;
        if (RuleFault(row, value) is { } broken) return broken;
        var isBetween = row.Rule is EmvRule.MinOrMax && value.Length != row.Min && value.Length != row.Max;
        if (value.Length < row.Min || value.Length > row.Max || isBetween)
            return $"Tag {tag} ({row.Name}) has {value.Length} bytes; {Lengths(row)} ({row.Source}).";
        return FormatFault(row, value) is { } wrong ? $"Tag {tag} ({row.Name}) {wrong} ({row.Source})." : null;
    }

    /// <summary>Whether a preferred name is of the code table beside it. To a directory's entries the table is elsewhere: in the directory's FCI.</summary>
    /// <param name="template">The template that the name is in.</param>
    /// <param name="table">The value of tag 9F11 in the same template; null when there is none.</param>
    /// <param name="name">The value of tag 9F12.</param>
    public static string? NameFault(BerTag? template, ByteString? table, ReadOnlySpan<byte> name)
    {
        if (table is { Length: 1 } index && Iso8859.Exists(Decimal(index[0])))
        {
            var part = Decimal(index[0]);
            foreach (var c in name)
                if (!Iso8859.Has(part, c)) return $"Tag 9F12 has a character that ISO 8859-{part}, which tag 9F11 names, does not have.";
            return null;
        }
        return table is null && template != ApplicationTemplate && name.ContainsAnyInRange((byte)0x80, (byte)0xFF)
            ? "Tag 9F12 has characters beyond the common set: it needs tag 9F11 beside it, to say which part of ISO 8859 they are of."
            : null;
    }

    private static string? RuleFault(EmvDataObject row, ReadOnlySpan<byte> value) => row.Rule switch
    {
        EmvRule.None or EmvRule.MinOrMax => null,
        EmvRule.Pan => Unless(Pan.FromPacked(value) is not null,
            $"Tag {row.Tag} is no card number of {Pan.MinDigits} to {Pan.MaxDigits} digits."),
        EmvRule.Track2 => Unless(Track2.Parse(value) is not null,
            $"Tag {row.Tag} is no track 2: number, D, expiry, service code, discretionary data."),
        EmvRule.Date => Unless(IsDate(value), $"Tag {row.Tag} is no date YYMMDD."),
        EmvRule.Time => Unless(IsTime(value), $"Tag {row.Tag} is no time HHMMSS."),
        EmvRule.ServiceCode => Unless(value.Length == 2 && value[0] >> 4 == 0 && AreDigits(value),
            $"Tag {row.Tag} is no service code: 0 and three digits."),
        EmvRule.FileLocator => FileLocatorFault(value),
        EmvRule.CvmList => Unless(value.Length >= 10 && value.Length % 2 == 0,
            "Tag 8E (CVM list) has two amounts of 4 bytes and one or more rules of 2 bytes."),
        EmvRule.ObjectList => DataObjectList.Fault(value) is { } fault
            ? $"Tag {row.Tag} ({row.Name}) is no list of tags and lengths: {fault}"
            : null,
        EmvRule.TagList => Unless(value is [0x82], "Tag 9F4A (SDA Tag List) names the AIP, tag 82, and nothing else."),
        EmvRule.CodeTable => Unless(value.Length == 1 && AreDigits(value) && Decimal(value[0]) is >= 1 and <= 10,
            "Tag 9F11 (Issuer Code Table Index) is 01 to 10."),
        EmvRule.Label => Unless(Text(value).IndexOfAnyExcept(Labels) < 0,
            $"Tag {row.Tag} ({row.Name}) has letters, digits and spaces, and nothing else."),
        EmvRule.PreferredName => Unless(!HasControls(value), $"Tag {row.Tag} ({row.Name}) has control characters."),
        EmvRule.Languages => Unless(value.Length % 2 == 0 && AreLetters(value),
            $"Tag {row.Tag} ({row.Name}) has languages of two letters each."),
        EmvRule.ShortFile => Unless(value is [>= 1 and <= 30], "Tag 88 (SFI) is 1 to 30."),
        EmvRule.LogEntry => Unless(value is [>= 11 and <= 30, > 0],
            "Tag 9F4D (Log Entry) is an SFI, 11 to 30, and how many records it has."),
    };

    /// <summary>SFI in the upper five bits, first and last record, how many of them are signed (EMV Book 3 §10.2).</summary>
    private static string? FileLocatorFault(ReadOnlySpan<byte> locator)
    {
        if (locator.IsEmpty || locator.Length % 4 != 0) return "Tag 94 (AFL) is not made of entries of 4 bytes.";
        for (var at = 0; at < locator.Length; at += 4)
        {
            var (sfi, first, last, signed) = (locator[at] >> 3, locator[at + 1], locator[at + 2], locator[at + 3]);
            if (sfi is 0 or 31 || (locator[at] & 7) != 0 || first == 0 || last < first || signed > last - first + 1)
                return $"Entry {at / 4 + 1} of tag 94 (AFL) is malformed.";
        }
        return null;
    }

    private static string? FormatFault(EmvDataObject row, ReadOnlySpan<byte> value) => row.Format switch
    {
        EmvFormat.B or EmvFormat.Var => null,
        EmvFormat.A => Unless(AreLetters(value), "has other characters than letters"),
        EmvFormat.An => Unless(Text(value) is { IsEmpty: false } text && text.IndexOfAnyExcept(LettersAndDigits) < 0,
            "has other characters than letters and digits"),
        EmvFormat.Ans => Unless(Text(value) is { IsEmpty: false } text && !text.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E),
            "has characters beyond the common set, 20 to 7E"),
        EmvFormat.Cn => Unless(AreFilledDigits(value), "is not digits, padded with F at the right"),
        EmvFormat.N => NumberFault(row, value),
    };

    /// <summary>Elements of an odd number of digits begin with a 0.</summary>
    private static string? NumberFault(EmvDataObject row, ReadOnlySpan<byte> value)
    {
        if (!AreDigits(value)) return "is not digits, two to a byte";
        if (row.Digits % 2 == 0) return null;
        var unit = (row.Digits + 1) / 2;
        if (value.Length % unit != 0) return $"is not made of elements of {unit} bytes";
        for (var at = 0; at < value.Length; at += unit)
            if (value[at] >> 4 != 0) return $"is no number of {row.Digits} digits: it does not begin with 0";
        return null;
    }

    private static string Lengths(EmvDataObject row) => row.Min == row.Max
        ? $"{row.Min} are right"
        : $"{row.Min} {(row.Rule is EmvRule.MinOrMax ? "or" : "to")} {row.Max} are right";

    private static string? Unless(bool holds, string fault) => holds ? null : fault;

    private static readonly System.Buffers.SearchValues<byte> LettersAndDigits =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"u8);

    private static readonly System.Buffers.SearchValues<byte> Labels =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 "u8);

    /// <summary>Without the padding (EMV Book 3 §4.3).</summary>
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> value) => value.TrimEnd((byte)0);

    private static bool HasControls(ReadOnlySpan<byte> value)
    {
        foreach (var c in value)
            if (c is < 0x20 or (>= 0x7F and < 0xA0)) return true;
        return false;
    }

    private static bool AreLetters(ReadOnlySpan<byte> value)
    {
        foreach (var c in value)
            if (!char.IsAsciiLetter((char)c)) return false;
        return true;
    }

    private static bool AreDigits(ReadOnlySpan<byte> value)
    {
        foreach (var pair in value)
            if (pair >> 4 > 9 || (pair & 0x0F) > 9) return false;
        return true;
    }

    private static bool AreFilledDigits(ReadOnlySpan<byte> value)
    {
        var isOver = false;
        for (var i = 0; i < 2 * value.Length; i++)
        {
            var digit = i % 2 == 0 ? value[i / 2] >> 4 : value[i / 2] & 0x0F;
            if (digit == 0x0F && i > 0) isOver = true;
            else if (isOver || digit > 9) return false;
        }
        return true;
    }

    private static bool IsDate(ReadOnlySpan<byte> value)
    {
        if (value.Length != 3 || !AreDigits(value)) return false;
        // EMV Book 4 §6.7.3: 00 to 49 are 2000 to 2049, 50 to 99 are 1950 to 1999.
        var (year, month, day) = (Decimal(value[0]), Decimal(value[1]), Decimal(value[2]));
        return month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year + (year < 50 ? 2000 : 1900), month);
    }

    private static bool IsTime(ReadOnlySpan<byte> value) =>
        value.Length == 3 && AreDigits(value) && Decimal(value[0]) < 24 && Decimal(value[1]) < 60 && Decimal(value[2]) < 60;

    private static int Decimal(byte packed) => 10 * (packed >> 4) + (packed & 0x0F);
}
