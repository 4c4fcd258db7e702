using CardIssue.Core.Cards.Tlv;

namespace CardIssue.Core.Cards.Products.Emv;

/// <summary>A contradiction in what an EMV card would get. Names groupings, tags and reasons, never values.</summary>
/// <param name="Grouping">The data grouping (DGI) that it is in.</param>
/// <param name="Tag">The data object, where it is about one.</param>
/// <param name="Message">A sentence.</param>
internal sealed record EmvFault(ushort Grouping, BerTag? Tag, string Message);

/// <summary>
/// Checks the data groupings of one card against each other: what no single template can see (EMV Book 3 §5.4, §7.5, §10.2, §10.5; EMV CPS 1.1 §3.2).
/// A grouping that holds no TLV, or that is secret, is not looked into.
/// </summary>
internal sealed class EmvCheck
{
    private static readonly BerTag RecordTemplate = 0x70, Number = 0x5A, Track2Data = 0x57, Expiry = 0x5F24, Service = 0x5F30, FileLocator = 0x94, VerificationList = 0x8E;
    private static readonly (BerTag Tag, string Name)[] DataObjectLists = [(0x8C, "CDOL1"), (0x8D, "CDOL2"), (0x9F38, "PDOL"), (0x9F49, "DDOL")];

    /// <summary>The longest AFL, in bytes (EMV Book 3 annex A).</summary>
    private const int MaxFileLocator = 252;

    private const int LocatorEntry = 4;

    private readonly List<EmvFault> _faults = [];
    private readonly List<(ushort Grouping, BerTlv Object)> _objects = [];
    private readonly HashSet<ushort> _groupings = [];

    private EmvCheck() { }

    /// <summary>All faults of a card's data.</summary>
    /// <param name="groupings">Its data groupings, those of all records; a secret one with its number alone, its data empty.</param>
    public static IReadOnlyList<EmvFault> Faults(IEnumerable<(ushort Number, ByteString Data)> groupings)
    {
        var check = new EmvCheck();
        foreach (var (number, data) in groupings) check.Take(number, data);
        check.CheckNumbers();
        check.CheckDates();
        check.CheckService();
        check.CheckFileLocators();
        check.CheckLists();
        return check._faults;
    }

    private void Take(ushort grouping, ByteString data)
    {
        _groupings.Add(grouping);
        var sfi = grouping >> 8;
        // SFI 1 to 10 are the payment system's records, each one template (EMV Book 3 §5.3.2.2); others are the application's own.
        var mustBeTemplate = sfi is >= 1 and <= 10 && !data.IsEmpty;
        if (!BerTlv.TryParse(data.Span, out var objects, out _))
        {
            if (mustBeTemplate) Fault(grouping, null, $"DGI {grouping:X4} is a record, but no template 70.");
            return;
        }
        if (mustBeTemplate && (objects.Count != 1 || objects[0].Tag != RecordTemplate))
            Fault(grouping, null, $"DGI {grouping:X4} is a record, but not one template 70.");
        Collect(grouping, objects);
    }

    private void Collect(ushort grouping, ValueList<BerTlv> objects)
    {
        foreach (var item in objects)
        {
            _objects.Add((grouping, item));
            Collect(grouping, item.Children);
        }
    }

    private void CheckNumbers()
    {
        string? first = null;
        foreach (var (grouping, item) in _objects)
        {
            if (item.Tag != Number && item.Tag != Track2Data) continue;
            var digits = item.Tag == Number ? Pan.FromPacked(item.Value.Span) : Track2.Parse(item.Value.Span)?.Number;
            if (digits is null)
            {
                Fault(grouping, item.Tag, item.Tag == Number
                    ? $"Tag 5A is no card number of {Pan.MinDigits} to {Pan.MaxDigits} digits."
                    : "Tag 57 is no track 2: number, D, expiry, service code, discretionary data.");
                continue;
            }
            if (!Pan.HasCheckDigit(digits)) Fault(grouping, item.Tag, $"The check digit of the card number in tag {item.Tag} is wrong.");
            first ??= digits;
            if (digits != first) Fault(grouping, item.Tag, $"The card number in tag {item.Tag} is not the one in the other tags (5A, 57).");
        }
    }

    /// <summary>5F24 is YYMMDD, track 2 has YYMM.</summary>
    private void CheckDates()
    {
        string? first = null;
        foreach (var (grouping, item) in _objects)
        {
            string? expiry;
            if (item.Tag == Expiry)
            {
                expiry = item.Value.Length == 3 ? Convert.ToHexString(item.Value.Span)[..4] : null;
                if (expiry is null || !expiry.All(char.IsAsciiDigit)) Fault(grouping, item.Tag, "Tag 5F24 is no date YYMMDD.");
            }
            else
            {
                expiry = item.Tag == Track2Data ? Track2.Parse(item.Value.Span)?.Expiry : null;
            }
            if (expiry is null) continue;
            if (string.CompareOrdinal(expiry, 2, "01", 0, 2) < 0 || string.CompareOrdinal(expiry, 2, "12", 0, 2) > 0)
                Fault(grouping, item.Tag, $"The expiry in tag {item.Tag} has no month 01 to 12.");
            first ??= expiry;
            if (expiry != first) Fault(grouping, item.Tag, $"The expiry in tag {item.Tag} is not the one in the other tags (57, 5F24).");
        }
    }

    /// <summary>5F30 is three digits, padded with one 0 in front.</summary>
    private void CheckService()
    {
        var ofTrack2 = _objects.Where(o => o.Object.Tag == Track2Data).Select(o => Track2.Parse(o.Object.Value.Span)?.ServiceCode).FirstOrDefault(s => s is not null);
        foreach (var (grouping, item) in _objects)
        {
            if (item.Tag != Service) continue;
            var text = Convert.ToHexString(item.Value.Span);
            if (text.Length != 4 || text[0] != '0' || !text.All(char.IsAsciiDigit)) Fault(grouping, item.Tag, "Tag 5F30 is no service code: 0 and three digits.");
            else if (ofTrack2 is not null && text[1..] != ofTrack2) Fault(grouping, item.Tag, "The service code in tag 5F30 is not the one in tag 57.");
        }
    }

    /// <summary>Entries of four bytes: SFI in the upper five bits, first and last record, how many of them are signed (EMV Book 3 §10.2).</summary>
    private void CheckFileLocators()
    {
        foreach (var (grouping, item) in _objects)
        {
            if (item.Tag != FileLocator) continue;
            var locator = item.Value.Span;
            if (locator.Length > MaxFileLocator)
            {
                Fault(grouping, item.Tag, $"Tag 94 (AFL) has {locator.Length} bytes; {MaxFileLocator} are the most.");
                continue;
            }
            if (locator.IsEmpty || locator.Length % LocatorEntry != 0) Fault(grouping, item.Tag, "Tag 94 (AFL) is not made of entries of 4 bytes.");
            for (var at = 0; at + LocatorEntry <= locator.Length; at += LocatorEntry)
                CheckEntry(grouping, at / LocatorEntry + 1, locator.Slice(at, LocatorEntry));
        }
    }

    private void CheckEntry(ushort grouping, int number, ReadOnlySpan<byte> entry)
    {
        var (sfi, first, last, isSigned) = (entry[0] >> 3, entry[1], entry[2], entry[3]);
        if (sfi is 0 or 31 || (entry[0] & 7) != 0 || first == 0 || last < first || isSigned > last - first + 1)
        {
            Fault(grouping, FileLocator, $"Entry {number} of tag 94 (AFL) is malformed.");
            return;
        }
        // One fault for all of an entry's records: four bytes can name 255.
        var (missing, lacking) = (0, 0);
        for (int record = last; record >= first; record--)
            if (!_groupings.Contains((ushort)(sfi << 8 | record))) (missing, lacking) = (record, lacking + 1);
        if (lacking == 0) return;
        var others = lacking == 1 ? "" : $", nor for {lacking - 1} more of its records";
        Fault(grouping, FileLocator, $"Entry {number} of tag 94 (AFL) names record {missing} of SFI {sfi}, but there is no DGI {sfi:X2}{missing:X2}{others}.");
    }

    private void CheckLists()
    {
        foreach (var (grouping, item) in _objects)
        {
            if (item.Tag == VerificationList && (item.Value.Length < 10 || item.Value.Length % 2 != 0))
                Fault(grouping, item.Tag, "Tag 8E (CVM list) has two amounts of 4 bytes and one or more rules of 2 bytes.");
            foreach (var (tag, name) in DataObjectLists)
                if (item.Tag == tag && DataObjectList.Fault(item.Value.Span) is { } fault)
                    Fault(grouping, tag, $"Tag {tag} ({name}) is no list of tags and lengths: {fault}");
        }
    }

    private void Fault(ushort grouping, BerTag? tag, string message) => _faults.Add(new EmvFault(grouping, tag, message));
}
