using System.Globalization;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Emv;

/// <summary>A contradiction in what an EMV card would get. Names groupings, tags and reasons, never values.</summary>
/// <param name="Grouping">The data grouping (DGI) that it is in.</param>
/// <param name="Tag">The data object, where it is about one.</param>
/// <param name="Message">A sentence.</param>
internal sealed record EmvFault(ushort Grouping, BerTag? Tag, string Message);

/// <summary>
/// Checks the data groupings of one card: each data object against the dictionary, then the objects against each other, what no single template
/// can see (EMV Book 3 §5.4, §7.5, §10.2, §10.5; EMV CPS 1.1 §3.2). A grouping that holds no TLV, or that is secret, is not looked into.
/// </summary>
internal sealed class EmvCheck
{
    /// <summary>Groupings of keys and PINs and what goes with them (EMV CPS 1.1 §3.2): no TLV, whatever their bytes look like.</summary>
    private const ushort FirstOfKeys = 0x8000, LastOfKeys = 0x90FF;

    private static readonly BerTag RecordTemplate = 0x70, Number = 0x5A, Track2Data = 0x57, Expiry = 0x5F24, Service = 0x5F30;
    private static readonly BerTag FileLocator = 0x94, SequenceNumber = 0x5F34;

    /// <summary>An entry of the AFL, in bytes (EMV Book 3 §10.2).</summary>
    private const int LocatorEntry = 4;

    private readonly List<EmvFault> _faults = [];
    private readonly List<(ushort Grouping, BerTlv Object)> _objects = [];
    private readonly HashSet<ushort> _groupings = [];

    private EmvCheck() { }

    /// <summary>All that is wrong.</summary>
    public IReadOnlyList<EmvFault> Faults => _faults;

    /// <summary>The account that the card is of; null when its data names none, or a wrong one.</summary>
    public CardAccount? Account { get; private set; }

    /// <summary>Checks a card's data.</summary>
    /// <param name="groupings">Its data groupings, those of all records; a secret one with its number alone, its data empty.</param>
    public static EmvCheck Of(IEnumerable<(ushort Number, ByteString Data)> groupings)
    {
        var check = OfPart(groupings);
        check.CheckFileLocators();
        return check;
    }

    /// <summary>Checks what is written on a card that has more already: all but what needs the whole of it.</summary>
    public static EmvCheck OfPart(IEnumerable<(ushort Number, ByteString Data)> groupings)
    {
        var check = new EmvCheck();
        foreach (var (number, data) in groupings) check.Take(number, data);
        check.CheckNumbers();
        check.CheckDates();
        check.CheckService();
        return check;
    }

    /// <summary>Whether a grouping may hold data objects.</summary>
    public static bool HoldsObjects(ushort grouping) => grouping is < FirstOfKeys or > LastOfKeys;

    private void Take(ushort grouping, ByteString data)
    {
        _groupings.Add(grouping);
        if (!HoldsObjects(grouping)) return;
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
        EmvValue.Visit(null, objects, (item, fault) =>
        {
            if (fault is null) _objects.Add((grouping, item));
            else Fault(grouping, item.Tag, fault);
        });
    }

    private void CheckNumbers()
    {
        string? first = null;
        foreach (var (grouping, item) in _objects)
        {
            if (item.Tag != Number && item.Tag != Track2Data) continue;
            var digits = item.Tag == Number ? Pan.FromPacked(item.Value.Span)! : Track2.Parse(item.Value.Span)!.Number;
            if (!Pan.HasCheckDigit(digits)) Fault(grouping, item.Tag, $"The check digit of the card number in tag {item.Tag} is wrong.");
            first ??= digits;
            if (digits != first) Fault(grouping, item.Tag, $"The card number in tag {item.Tag} is not the one in the other tags (5A, 57).");
        }
        if (first is null) return;
        var sequence = Find(SequenceNumber) is { } value ? int.Parse(Convert.ToHexString(value.Span), CultureInfo.InvariantCulture) : 0;
        Account = new CardAccount(first, sequence);
    }

    /// <summary>5F24 is YYMMDD, track 2 has YYMM.</summary>
    private void CheckDates()
    {
        string? first = null;
        foreach (var (grouping, item) in _objects)
        {
            if (item.Tag != Expiry && item.Tag != Track2Data) continue;
            var expiry = item.Tag == Expiry ? Convert.ToHexString(item.Value.Span)[..4] : Track2.Parse(item.Value.Span)!.Expiry;
            if (string.CompareOrdinal(expiry, 2, "01", 0, 2) < 0 || string.CompareOrdinal(expiry, 2, "12", 0, 2) > 0)
                Fault(grouping, item.Tag, $"The expiry in tag {item.Tag} has no month 01 to 12.");
            first ??= expiry;
            if (expiry != first) Fault(grouping, item.Tag, $"The expiry in tag {item.Tag} is not the one in the other tags (57, 5F24).");
        }
    }

    private void CheckService()
    {
        var ofTrack2 = Find(Track2Data) is { } track2 ? Track2.Parse(track2.Span)!.ServiceCode : null;
        foreach (var (grouping, item) in _objects)
            if (item.Tag == Service && ofTrack2 is not null && Convert.ToHexString(item.Value.Span)[1..] != ofTrack2)
                Fault(grouping, item.Tag, "The service code in tag 5F30 is not the one in tag 57.");
    }

    /// <summary>Whether each record that is named is there (EMV Book 3 §10.2).</summary>
    private void CheckFileLocators()
    {
        foreach (var (grouping, item) in _objects)
        {
            if (item.Tag != FileLocator) continue;
            for (var at = 0; at < item.Value.Length; at += LocatorEntry)
                CheckEntry(grouping, at / LocatorEntry + 1, item.Value.Span.Slice(at, LocatorEntry));
        }
    }

    private void CheckEntry(ushort grouping, int number, ReadOnlySpan<byte> entry)
    {
        var (sfi, first, last) = (entry[0] >> 3, entry[1], entry[2]);
        // One fault for all of an entry's records: four bytes can name 255.
        var (missing, lacking) = (0, 0);
        for (int record = last; record >= first; record--)
            if (!_groupings.Contains((ushort)(sfi << 8 | record))) (missing, lacking) = (record, lacking + 1);
        if (lacking == 0) return;
        var others = lacking == 1 ? "" : $", nor for {lacking - 1} more of its records";
        Fault(grouping, FileLocator, $"Entry {number} of tag 94 (AFL) names record {missing} of SFI {sfi}, but there is no DGI {sfi:X2}{missing:X2}{others}.");
    }

    private ByteString? Find(BerTag tag)
    {
        foreach (var (_, item) in _objects)
            if (item.Tag == tag) return item.Value;
        return null;
    }

    private void Fault(ushort grouping, BerTag? tag, string message) => _faults.Add(new EmvFault(grouping, tag, message));
}
