using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Application;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards;

/// <summary>Cards as the factory delivers them.</summary>
public static class CardProfile
{
    /// <summary>A card with an EMV application that waits for its data.</summary>
    public const string BlankEmvName = "blank-emv";
    internal const string EmptyName = "empty";
    internal const string SamName = "sam";

    /// <summary>The names of the profiles that there are.</summary>
    public static readonly IReadOnlyList<string> Names = [BlankEmvName, EmptyName, SamName];

    /// <summary>The publicly known test key 404142…4F, for ENC, MAC and DEK alike: never on a card that is worth anything.</summary>
    public const string TestKey = "404142434445464748494A4B4C4D4E4F";

    internal static readonly ByteString DefaultDomain = ByteString.FromHex("A000000151000000");
    internal static readonly ByteString EmvPackage = ByteString.FromHex("A00000000310");
    internal static readonly ByteString EmvApplication = ByteString.FromHex("A0000000031010");

    /// <summary>Key diversification data of a card of ours: a KMC identifier of 6 bytes and the serial number (EMV CPS 4.1.1.6).</summary>
    public static ByteString Kdd(uint serial) => ByteString.Own([.. Encoding.ASCII.GetBytes("CARDIS"), .. BigEndian(serial)]);

    /// <summary>An OP_READY card without applications.</summary>
    internal static CardState Empty(uint serial, params IReadOnlyList<CardKeySet> keySets) => new()
    {
        SecurityDomainAid = DefaultDomain,
        Kdd = Kdd(serial),
        Cplc = Cplc(serial),
        Keys = keySets.SelectMany(Entries).ToImmutableSortedDictionary(e => e.Reference, e => e.Key),
    };

    /// <summary>A card with one EMV application, SELECTABLE and without data.</summary>
    /// <param name="applicationAid">Of the instance; the payment application of Visa when null.</param>
    public static CardState BlankEmv(uint serial, IReadOnlyList<CardKeySet> keySets, ByteString? applicationAid = null)
    {
        var module = applicationAid ?? EmvApplication;
        var application = new CardApplication(
            module, EmvPackage, EmvApplication, CardApplication.Selectable, ByteString.Own([0, 0, 0]), ImmutableSortedDictionary<ushort, ByteString>.Empty);
        return Empty(serial, keySets) with
        {
            LifeCycle = CardLifeCycle.Secured,
            LoadFiles = [new LoadFile(EmvPackage, ByteString.Own([1, 0]), [EmvApplication], 0)],
            Applications = [application],
        };
    }

    /// <summary>A card that plays a secure access module: a PIV application with a new Card Authentication key and its certificate.</summary>
    internal static CardState Sam(uint serial, IReadOnlyList<CardKeySet> keySets, TimeProvider? time = null) => Empty(serial, keySets) with
    {
        LifeCycle = CardLifeCycle.Secured,
        LoadFiles = [new LoadFile(PivApplication.Package, ByteString.Own([1, 0]), [PivApplication.Aid], 0)],
        Applications =
        [
            new CardApplication(
                PivApplication.Aid, PivApplication.Package, PivApplication.Aid, CardApplication.Selectable, ByteString.Own([0, 0, 0]),
                ImmutableSortedDictionary<ushort, ByteString>.Empty),
        ],
        Piv = PivCredential.Generate($"CardIssue SAM {serial}", time ?? TimeProvider.System),
    };

    /// <summary>The profile of that name; null when there is none.</summary>
    public static CardState? ByName(string name, uint serial, IReadOnlyList<CardKeySet> keySets) => name switch
    {
        BlankEmvName => BlankEmv(serial, keySets),
        EmptyName => Empty(serial, keySets),
        SamName => Sam(serial, keySets),
        _ => null,
    };

    // Fabricator, type and operating system as on an NXP P71; dates and equipment numbers 0 (GPCS and Visa: CPLC, 42 bytes).
    private static ByteString Cplc(uint serial)
    {
        var cplc = new byte[42];
        Convert.FromHexString("4790D3214700").CopyTo(cplc, 0);
        BinaryPrimitives.WriteUInt32BigEndian(cplc.AsSpan(12), serial);
        return ByteString.Own(cplc);
    }

    private static IEnumerable<(KeyReference Reference, CardKey Key)> Entries(CardKeySet set) =>
        [(new(set.Version, 1), set.Enc), (new(set.Version, 2), set.Mac), (new(set.Version, 3), set.Dek)];

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
