using System.Collections.Immutable;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>GET DATA of the security domain, and the rules of its own data objects (GPCS 11.3, App. H).</summary>
internal static class DomainData
{
    private const int IssuerNumber = 0x42, CardNumber = 0x45, ManagerUrl = 0x5F50, ApplicationList = 0x2F00;

    public static Reply Get(CardMemory card, Command command)
    {
        int tag = command.P1P2;
        // The list of applications is asked for with a tag list of none, whatever the class (GPCS 11.3.2.3).
        if (command.Data.Length > 0 && tag != ApplicationList) return Sw.WrongLength;
        if (Find(card, card.SelectedDomain!.Value, tag) is not { } value) return Sw.ReferenceNotFound;
        if (IsConfidential(tag) && card.Volatile.Channel is null) return Sw.Security;
        // Class 80 gives the whole object, class 00 the value alone (GPCS 11.3.3.1).
        return Reply.Ok((command.Cla & 0x80) != 0 ? Tlv.Make(tag, value) : value);
    }

    /// <summary>Whether STORE DATA may write this tag: IIN, CIN, URL, and DF01–DF7F for data of the issuer's own.</summary>
    public static bool IsWritable(int tag) => tag is IssuerNumber or CardNumber or ManagerUrl or (>= 0xDF01 and <= 0xDF7F);

    /// <summary>DF20–DF3F are readable inside a secure channel only.</summary>
    public static bool IsConfidential(int tag) => tag is >= 0xDF20 and <= 0xDF3F;

    /// <summary>Data objects that were stored in a security domain.</summary>
    public static ImmutableSortedDictionary<int, ByteString> Of(CardState state, ByteString domain) =>
        domain.IsEmpty ? state.Data : state.Find(domain)!.Data;

    private static byte[]? Find(CardMemory card, ByteString domain, int tag)
    {
        var state = card.State;
        return tag switch
        {
            0x66 => RecognitionData(state),
            0x67 => Capabilities(state),
            0xE0 => KeyInformation(state.KeysOf(domain)),
            0xC1 => SequenceCounter(state, state.KeysOf(domain)),
            0xCF => state.Kdd.ToArray(),
            0x9F7F => state.Cplc.ToArray(),
            ApplicationList =>
            [
                .. state.Applications.Where(a => domain.IsEmpty || state.BelongsTo(a.Aid, domain))
                    .SelectMany(a => Tlv.Make(0x61, Tlv.Make(0x4F, a.Aid.Span))),
            ],
            _ => Of(state, domain).TryGetValue(tag, out ByteString value) ? value.ToArray() : null,
        };
    }

    /// <summary>Card recognition data (GPCS H.2): GlobalPlatform 2.3.1, the secure channel protocol with its parameter.</summary>
    private static byte[] RecognitionData(CardState state)
    {
        byte[] root = [0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B];
        return Tlv.Make(0x73, [
            .. Tlv.Make(0x06, [.. root, 0x01]),
            .. Tlv.Make(0x60, Tlv.Make(0x06, [.. root, 0x02, 0x02, 0x03, 0x01])),
            .. Tlv.Make(0x63, Tlv.Make(0x06, [.. root, 0x03])),
            .. Tlv.Make(0x64, Tlv.Make(0x06, [.. root, 0x04, state.Scp, state.ScpParameter])),
        ]);
    }

    /// <summary>Card capability information (GPCS H.4): the protocol, of SCP03 AES-128/192/256, load file hashes SHA-1/256/384/512.</summary>
    private static byte[] Capabilities(CardState state) =>
    [
        .. Tlv.Make(0xA0, [
            .. Tlv.Make(0x80, state.Scp), .. Tlv.Make(0x81, state.ScpParameter), .. state.Scp == CardState.Scp03 ? Tlv.Make(0x82, 0x07) : [],
        ]),
        .. Tlv.Make(0x83, 0x01, 0x02, 0x03, 0x04),
    ];

    private static byte[] KeyInformation(DomainKeys domain) =>
        [.. domain.Keys.SelectMany(k => Tlv.Make(0xC0, k.Key.Id, k.Key.Version, (byte)k.Value.Type, (byte)k.Value.Length))];

    private static byte[]? SequenceCounter(CardState state, DomainKeys domain)
    {
        if (domain.Set(0, state.Scp) is not { } keys) return null;
        var counter = domain.SequenceCounters.GetValueOrDefault(keys.Version);
        if (state.Scp == CardState.Scp02) return [(byte)(counter >> 8), (byte)counter];
        return (state.ScpParameter & 0x10) == 0 ? null : [(byte)(counter >> 16), (byte)(counter >> 8), (byte)counter];
    }
}
