using System.Collections.Immutable;
using CardIssue.Core.Primitives;

namespace CardIssue.Testing.Cards.State;

/// <summary>Life cycle of the card, coded as GPCS 11.1.1 codes it.</summary>
public enum CardLifeCycle : byte
{
    /// <summary>OP_READY: as it comes from the factory.</summary>
    OpReady = 0x01,
    /// <summary>INITIALIZED.</summary>
    Initialized = 0x07,
    /// <summary>SECURED: in the field.</summary>
    Secured = 0x0F,
    /// <summary>CARD_LOCKED: only the security domain answers.</summary>
    CardLocked = 0x7F,
    /// <summary>TERMINATED, for good.</summary>
    Terminated = 0xFF,
}

/// <summary>The transmission protocol that the card offers.</summary>
public enum CardProtocol
{
    /// <summary>Half-duplex bytes: longer answers are fetched with GET RESPONSE.</summary>
    T0,
    /// <summary>Half-duplex blocks.</summary>
    T1,
}

/// <summary>An executable load file in the registry.</summary>
/// <param name="Version">2 bytes, major and minor, as the package's header had it.</param>
/// <param name="Length">How many bytes of memory it takes.</param>
/// <param name="Imports">The packages that it needs.</param>
/// <param name="Packages">Of an extended one: the packages that are in it and that others may use.</param>
public sealed record LoadFile(
    ByteString Aid, ByteString Version, ValueList<ByteString> Modules, int Length, ValueList<CardPackage> Imports = default,
    ValueList<CardPackage> Packages = default)
{
    /// <summary>What others may link against: the packages of an extended file, or the one that it is.</summary>
    public ValueList<CardPackage> Provides => Packages.Count > 0 ? Packages
        : Version.Length == 2 ? [new CardPackage(Aid, Version[0], Version[1])] : default;
}

/// <summary>A package and a version of it: of the platform, or needed of it.</summary>
public readonly record struct CardPackage(ByteString Aid, byte Major, byte Minor)
{
    /// <summary>Whether it does for what was linked against <paramref name="needed"/> (JCVM 4.5.2): the same major, no smaller minor.</summary>
    internal bool DoesFor(CardPackage needed) => Aid == needed.Aid && Major == needed.Major && Minor >= needed.Minor;
}

/// <summary>Where a record stands: short file identifier 1–30 and record number 1–255.</summary>
public readonly record struct RecordReference(byte Sfi, byte Number);

/// <summary>An application instance with what personalization wrote into it.</summary>
/// <param name="LifeCycle">03 INSTALLED, 07 SELECTABLE, 0F PERSONALIZED; b8 set: LOCKED.</param>
/// <param name="Dgis">Every data grouping that was stored, records among them, secret ones decrypted.</param>
/// <param name="MandatoryDgis">Without these the last STORE DATA is refused (EMV CPS: 6A86).</param>
/// <param name="ReadableWhenBlank">Whether records can be read before the application is PERSONALIZED.</param>
internal sealed record CardApplication(
    ByteString Aid, ByteString LoadFile, ByteString Module, byte LifeCycle, ByteString Privileges,
    ImmutableSortedDictionary<ushort, ByteString> Dgis, ValueList<ushort> MandatoryDgis = default, bool ReadableWhenBlank = false)
{
    public const byte Installed = 0x03;
    public const byte Selectable = 0x07;
    public const byte Personalized = 0x0F;
    public const byte LockedBit = 0x80;

    /// <summary>The privilege, in the first byte, of being selected by a reset (GPCS 6.6.1): one application's, or the security domain's.</summary>
    public const byte CardReset = 0x04;

    /// <summary>The privilege, in the first byte, of a security domain (GPCS table 11-7).</summary>
    public const byte SecurityDomain = 0x80;

    /// <summary>The security domain that it belongs to; empty for the issuer's.</summary>
    public ByteString Domain { get; init; }

    /// <summary>Of a security domain: its own keys.</summary>
    public DomainKeys Keys { get; init; } = DomainKeys.None;

    /// <summary>Of a security domain: its data objects, by tag.</summary>
    public ImmutableSortedDictionary<int, ByteString> Data { get; init; } = ImmutableSortedDictionary<int, ByteString>.Empty;

    public bool IsSecurityDomain => !Privileges.IsEmpty && (Privileges.Span[0] & SecurityDomain) != 0;

    public bool IsLocked => (LifeCycle & LockedBit) != 0;

    public bool IsSelectable => !IsLocked && (LifeCycle & 0x04) != 0;

    public bool HasCardReset => !Privileges.IsEmpty && (Privileges.Span[0] & CardReset) != 0;

    public bool IsPersonalized => (LifeCycle & Personalized) == Personalized;
}

/// <summary>All that survives a power cut. Immutable, so that a command's change is one swap of a reference.</summary>
public sealed record CardState
{
    /// <summary>The most keys that there is room for: as many as the key information template (E0) tells of in one short answer.</summary>
    public const int MaximumKeys = 40;

    /// <summary>The name of the issuer security domain.</summary>
    public required ByteString SecurityDomainAid { get; init; }

    /// <summary>The load file that the security domain comes from, as GET STATUS tells it (C4); null when the card does not tell.</summary>
    public ByteString? SecurityDomainLoadFile { get; init; }

    /// <summary>Key diversification data, 10 bytes, as INITIALIZE UPDATE and tag CF return it.</summary>
    public required ByteString Kdd { get; init; }

    /// <summary>Card production life cycle data, 42 bytes, tag 9F7F.</summary>
    public required ByteString Cplc { get; init; }

    /// <summary>The keys, by their places.</summary>
    public required ImmutableSortedDictionary<KeyReference, CardKey> Keys { get; init; }

    /// <summary>The numbers of the secure channel protocols.</summary>
    public const byte Scp02 = 0x02, Scp03 = 0x03;

    /// <summary>The secure channel protocol: 02 or 03.</summary>
    public byte Scp { get; init; } = Scp03;

    /// <summary>
    /// The protocol's parameter "i". Of SCP02: GPCS table E-1. Of SCP03 (GPC Amd D 1.2, 5.1): 00, 10, 20, 30, 60 or 70 with 8-byte challenges and MACs (S8), 1 more with 16-byte ones (S16).
    /// </summary>
    public byte ScpParameter { get; init; } = 0x70;

    /// <summary>False for a card whose secure channel forgets to count commands without data, against GPC Amd D 6.2.6.</summary>
    public bool CountsEmptyCommands { get; init; } = true;

    /// <summary>
    /// True for a card that answers PUT KEY with other check values than those of the keys that it took, against GPCS 11.8.3.1.
    /// </summary>
    public bool MisstatesCheckValues { get; init; }

    /// <summary>
    /// True for a card that answers EXTERNAL AUTHENTICATE with 8 bytes before 9000 at the levels with MACs on answers, as some do.
    /// </summary>
    public bool AnswersAuthenticationWithMac { get; init; }

    /// <summary>Whether it takes extended load files, which cards may do from Java Card 3.1 on (JCVM 3.1, 6.2).</summary>
    public bool TakesExtendedFiles { get; init; } = true;

    /// <summary>The transmission protocol that it offers.</summary>
    public CardProtocol Protocol { get; init; } = CardProtocol.T1;

    /// <summary>The life cycle of the card.</summary>
    public CardLifeCycle LifeCycle { get; init; } = CardLifeCycle.OpReady;

    /// <summary>
    /// The sequence counter of each key version; absent is 0. Of SCP03 the last one used, 3 bytes; of SCP02 the next one to be used, 2 bytes.
    /// </summary>
    public ImmutableSortedDictionary<byte, int> SequenceCounters { get; init; } = ImmutableSortedDictionary<byte, int>.Empty;

    /// <summary>How many wrong EXTERNAL AUTHENTICATEs in a row block the security domain.</summary>
    public int AuthenticationLimit { get; init; } = 10;

    /// <summary>How many wrong EXTERNAL AUTHENTICATEs there were in a row.</summary>
    public int FailedAuthentications { get; init; }

    /// <summary>Data objects of the security domain, by tag: 42, 45, 5F50, DFxx.</summary>
    public ImmutableSortedDictionary<int, ByteString> Data { get; init; } = ImmutableSortedDictionary<int, ByteString>.Empty;

    /// <summary>The key of the PIV application; null when there is no such application.</summary>
    public PivCredential? Piv { get; init; }

    /// <summary>The packages of the card's own platform, which programs link against and GET STATUS does not tell of.</summary>
    public ValueList<CardPackage> Platform { get; init; } = CardPlatform.JavaCard305;

    /// <summary>Memory for load files and applications, in bytes; it ends.</summary>
    public int Memory { get; init; } = CardPlatform.Memory;

    /// <summary>How many of these are left.</summary>
    public int FreeMemory => Memory - LoadFiles.Sum(file => file.Length) - Applications.Count * CardPlatform.ApplicationMemory;

    /// <summary>The load files that it holds.</summary>
    public ImmutableList<LoadFile> LoadFiles { get; init; } = [];

    internal ImmutableList<CardApplication> Applications { get; init; } = [];

    internal CardApplication? Find(ByteString aid) => Applications.Find(a => a.Aid == aid);

    internal CardState With(CardApplication changed) =>
        this with { Applications = Applications.Replace(Applications.Find(a => a.Aid == changed.Aid)!, changed) };

    /// <summary>What a reset selects.</summary>
    public ByteString DefaultSelected => Applications.Find(a => a.HasCardReset && a.IsSelectable)?.Aid ?? SecurityDomainAid;

    /// <summary>Puts that application in the place of the one of its AID, and gives it the Card Reset privilege, which whoever had it loses.</summary>
    internal CardState SelectedByReset(CardApplication application)
    {
        static CardApplication Changed(CardApplication a, bool has)
        {
            var first = a.Privileges.Span[0] & ~CardApplication.CardReset | (has ? CardApplication.CardReset : 0);
            return a with { Privileges = ByteString.Own([(byte)first, .. a.Privileges.Span[1..]]) };
        }
        return this with
        {
            Applications = Applications.ConvertAll(a => a.Aid == application.Aid ? Changed(application, true) : a.HasCardReset ? Changed(a, false) : a),
        };
    }

    /// <summary>The issuer's set of that version (<see cref="DomainKeys.Set"/>); null when there is none.</summary>
    internal CardKeySet? KeySet(byte version) => KeysOf(default).Set(version, Scp);

    /// <summary>The keys of a security domain, the issuer's for an empty AID.</summary>
    internal DomainKeys KeysOf(ByteString domain) =>
        domain.IsEmpty ? new DomainKeys(Keys, SequenceCounters, FailedAuthentications) : Find(domain)!.Keys;

    /// <summary>The same card with other keys of a security domain.</summary>
    internal CardState WithKeys(ByteString domain, DomainKeys keys) => domain.IsEmpty
        ? this with { Keys = keys.Keys, SequenceCounters = keys.SequenceCounters, FailedAuthentications = keys.FailedAuthentications }
        : With(Find(domain)! with { Keys = keys });

    /// <summary>
    /// The security domain whose keys open a channel with an application (GPCS 7.3): the one that it belongs to, itself when it is one, and
    /// as long as that has no keys, the one above it. Empty for the issuer's; null where a domain on the way is locked (5.3.2.4).
    /// </summary>
    internal ByteString? DomainWithKeys(ByteString aid)
    {
        for (var at = Find(aid); at is not null; at = at.Domain.IsEmpty ? null : Find(at.Domain))
        {
            if (at is { IsSecurityDomain: true, IsLocked: true }) return null;
            if (at.IsSecurityDomain && at.Keys.Set(0, Scp) is not null) return at.Aid;
        }
        return default(ByteString);
    }

    /// <summary>Whether an application belongs to a security domain, directly or through others.</summary>
    internal bool BelongsTo(ByteString aid, ByteString domain)
    {
        for (var at = Find(aid); at is { Domain.IsEmpty: false }; at = Find(at.Domain))
            if (at.Domain == domain) return true;
        return false;
    }
}
