using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Domain;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Application;

/// <summary>
/// An EMV-like application. It is personalized through the security domain or on a secure channel of its own under the domain's
/// keys, and then gives its records, in the clear or, by class 84 or 04, over the secure channel.
/// </summary>
internal static class PersonalizedApplication
{
    private const ushort ContactFci = 0x9102, ProcessingOptions = 0x9104;
    private const byte StoreDataIns = 0xE2, ReadRecordIns = 0xB2, GetProcessingOptionsIns = 0xA8, GetDataIns = 0xCA;

    public static Reply Execute(CardMemory card, Command command)
    {
        var application = card.State.Find(card.Volatile.Selected)!;
        return command.Ins switch
        {
            StoreDataIns when (command.Cla & 0x80) == 0 => Sw.UnknownCla,
            StoreDataIns => card.Volatile.Channel is null ? Sw.Security : StoreData.Execute(card, command),
            ReadRecordIns => ReadRecord(application, command),
            GetProcessingOptionsIns => GetProcessingOptions(application),
            GetDataIns => Sw.ReferenceNotFound,
            _ => Sw.UnknownIns,
        };
    }

    /// <summary>Answer to SELECT (EMV 1, 11.3.4): 6F with the name and what DGI 9102 gave.</summary>
    public static byte[] FileControlInformation(CardApplication application)
    {
        byte[] proprietary = [];
        if (application.Dgis.TryGetValue(ContactFci, out var fci)) proprietary = fci.Span is [0xA5, ..] ? fci.ToArray() : Tlv.Make(0xA5, fci.Span);
        return Tlv.Make(0x6F, [.. Tlv.Make(0x84, application.Aid.Span), .. proprietary]);
    }

    /// <summary>The record that a DGI is: its high byte the SFI 1–30, its low byte the number; null for other DGIs.</summary>
    public static RecordReference? RecordOf(ushort dgi) =>
        dgi >> 8 is >= 1 and <= 30 && (dgi & 0xFF) != 0 ? new RecordReference((byte)(dgi >> 8), (byte)dgi) : null;

    private static Reply ReadRecord(CardApplication application, Command command)
    {
        // P2: SFI and "record number in P1" (ISO 7816-4 7.3.3).
        var sfi = (byte)(command.P2 >> 3);
        if ((command.P2 & 0x07) != 0x04 || sfi is 0 or > 30 || command.P1 == 0) return Sw.WrongP1P2;
        if (command.Data.Length > 0) return Sw.WrongLength;
        if (!IsReadable(application)) return Sw.Conditions;
        if (application.Dgis.TryGetValue((ushort)(sfi << 8 | command.P1), out var record)) return Reply.Ok(record.ToArray());
        return application.Dgis.Keys.Any(dgi => RecordOf(dgi)?.Sfi == sfi) ? Sw.RecordNotFound : Sw.NotFound;
    }

    /// <summary>EMV 3, 6.5.8, as far as data goes: format 2 with AIP and AFL from DGI 9104.</summary>
    private static Reply GetProcessingOptions(CardApplication application)
    {
        if (!IsReadable(application) || !application.Dgis.TryGetValue(ProcessingOptions, out var options)) return Sw.Conditions;
        return Reply.Ok(Tlv.Make(0x77, options.Span));
    }

    private static bool IsReadable(CardApplication application) => application.IsPersonalized || application.ReadableWhenBlank;
}
