using System.Collections.Immutable;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.State;
using CardLifeCycle = CardIssue.Testing.Cards.State.CardLifeCycle;
using CardKeySet = CardIssue.Testing.Cards.State.CardKeySet;
using Diversification = CardIssue.Testing.Cards.Crypto.Diversification;

namespace CardIssue.Testing;

/// <summary>
/// A virtual card of the kind that a product is for: with its protocol, a test key, and all that it names, fresh from the factory.
/// </summary>
public static class TestCard
{
    private const byte Scp02WithRMac = 0x75, Scp02WithoutRMac = 0x55, Scp03WithAll = 0x70;

    private static readonly ByteString Number = ByteString.FromHex("00000000001234567890");

    /// <summary>The first master of keys that are put: another than the transport keys' that is worth as little.</summary>
    private const string OwnTestKey = "606162636465666768696A6B6C6D6E6F";

    /// <summary>The publicly known test key, as the product names it, and one for the card's own keys.</summary>
    public static IReadOnlyList<TestKey> KeysOf(CardProduct product)
    {
        var algorithm = Is02(product) ? CardKeyAlgorithm.TripleDes : CardKeyAlgorithm.Aes128;
        var transport = new TestKey(product.KeySet, product.KeyVersion, algorithm, Convert.FromHexString(CardProfile.TestKey));
        return [transport, .. Put(product).Select((keys, at) => new TestKey(keys.KeySet, keys.KeyVersion, algorithm, Master(at)))];
    }

    /// <summary>A set of keys that a card is to have in the end.</summary>
    public static CardKeySet KeySetOf(CardProduct product, HeldKeySet keys, ByteString kdd) => CardKeySet.Derive(
        keys.KeyVersion, MethodOf(keys.Diversification), Master(Put(product).IndexOf(keys)), kdd.Span, TypeOf(product));

    /// <summary>The sets that it is given: its own, those of its security domains, and those that rewrites renew.</summary>
    private static List<HeldKeySet> Put(CardProduct product) =>
    [
        .. product.Rewrites.Select(rewrite => rewrite.OwnKeys).Prepend(product.OwnKeys).OfType<OwnKeys>().Select(own => own.Set)
            .Concat(product.SecurityDomains.Select(domain => domain.Keys)).Distinct(),
    ];

    /// <summary>Another master for each.</summary>
    private static byte[] Master(int at)
    {
        var master = Convert.FromHexString(OwnTestKey);
        master[0] += (byte)at;
        return master;
    }

    /// <summary>The version of the keys that it comes with, on the card.</summary>
    public static byte TransportVersion(CardProduct product) => product.Quirks.AnsweredKeyVersion ?? product.KeyVersion;

    /// <summary>A new card.</summary>
    /// <param name="product">The product.</param>
    /// <param name="serial">Which one.</param>
    public static CardSimulator Of(CardProduct product, uint serial)
    {
        var keys = CardKeySet.Derive(
            TransportVersion(product), MethodOf(product.Diversification), Convert.FromHexString(CardProfile.TestKey),
            CardProfile.Kdd(serial).Span, TypeOf(product));
        var applications = Applications(product);
        // Load files that it installs from and does not load.
        var there = Installed(product).Where(install => install.LoadFile is not null).GroupBy(install => install.LoadFile!.Value)
            .Select(file => new LoadFile(
                file.Key.Value, ByteString.Own([1, 0]), [.. file.Select(install => install.Module.Value).Distinct()], 0));
        return CardSimulator.Create(CardProfile.Empty(serial, [keys]) with
        {
            SecurityDomainAid = applications.Contains(product.Selected) ? CardProfile.DefaultDomain : product.Selected.Value,
            Scp = Is02(product) ? CardState.Scp02 : CardState.Scp03,
            ScpParameter = product.ProtocolOptions
                ?? (!Is02(product) ? Scp03WithAll : product.SecurityLevel.HasRMac() ? Scp02WithRMac : Scp02WithoutRMac),
            CountsEmptyCommands = product.Quirks.CountsEmptyCommands,
            LifeCycle = FirstState(product, RegistryScope.IssuerSecurityDomain, product.Selected) is { } first
                ? (CardLifeCycle)first : CardLifeCycle.Secured,
            LoadFiles =
            [
                new LoadFile(CardProfile.EmvPackage, ByteString.Own([1, 0]), [.. applications.Select(aid => aid.Value)], 0),
                .. there,
            ],
            Applications = [.. applications.Select(aid => Application(product, aid)), .. Domains(product).Select(aid => Domain(product, aid))],
            Data = Told(product).ToImmutableSortedDictionary(tag => tag, _ => Number),
        });
    }

    private static CardApplication Application(CardProduct product, Aid aid) => new(
        aid.Value, CardProfile.EmvPackage, aid.Value, FirstState(product, RegistryScope.Applications, aid) ?? CardApplication.Selectable,
        ByteString.Own([0, 0, 0]), ImmutableSortedDictionary<ushort, ByteString>.Empty, ReadableWhenBlank: true);

    /// <summary>A security domain; one that is to get its keys has none yet.</summary>
    private static CardApplication Domain(CardProduct product, Aid aid) => new(
        aid.Value, CardProfile.EmvPackage, aid.Value,
        product.SecurityDomains.Any(domain => domain.Aid == aid) ? CardApplication.Selectable : CardApplication.Personalized,
        ByteString.Own([CardApplication.SecurityDomain, 0, 0]),
        ImmutableSortedDictionary<ushort, ByteString>.Empty);

    private static bool Is02(CardProduct product) => product.Protocol is ScpProtocol.Scp02
        || product.Protocol is null && product.Diversification is KeyDiversification.EmvCps or KeyDiversification.Visa2;

    private static CardKeyType TypeOf(CardProduct product) => Is02(product) ? CardKeyType.Des : CardKeyType.Aes;

    private static Diversification MethodOf(KeyDiversification diversification) => diversification switch
    {
        KeyDiversification.None => Diversification.None,
        KeyDiversification.EmvCps => Diversification.Emv,
        KeyDiversification.Visa2 => Diversification.Visa2,
        KeyDiversification.Kdf3 => Diversification.Kdf3,
    };

    /// <summary>What the product installs: it is not there before.</summary>
    private static IEnumerable<ItemDefinition.Install> Installed(CardProduct product) =>
        Items(product).OfType<ItemDefinition.Install>();

    private static IEnumerable<ItemDefinition> Items(CardProduct product) =>
        product.Records.Concat(product.Rewrites.SelectMany(rewrite => rewrite.Records)).SelectMany(record => record.Items);

    /// <summary>The security domains that applications are given to, where the product installs them not itself.</summary>
    private static IEnumerable<Aid> Domains(CardProduct product) => Items(product).Select(item => item switch
    {
        ItemDefinition.Extradite it => it.SecurityDomain,
        ItemDefinition.RegistryUpdate it => it.SecurityDomain,
        ItemDefinition.DomainKeys it => product.SecurityDomain(it.Domain)!.Aid,
        _ => null,
    }).OfType<Aid>().Distinct().Where(aid => aid != product.Selected && Installed(product).All(install => install.Instance != aid));

    /// <summary>All that the product speaks of as applications, and does not install.</summary>
    private static HashSet<Aid> Applications(CardProduct product)
    {
        var looked = Looks(product).Where(of => of.Scope is RegistryScope.Applications).Select(of => of.Aid);
        var set = product.Rewrites.SelectMany(rewrite => rewrite.Records.Select(record => record.Status).Append(rewrite.Close.Status))
            .Concat(product.Records.Select(record => record.Status)).Append(product.Close.Status).OfType<StatusChange>()
            .Where(status => status.Scope is StatusScope.Application).Select(status => status.Aid);
        var changed = Items(product).Select(item => item switch
        {
            ItemDefinition.Extradite it => it.Aid,
            ItemDefinition.RegistryUpdate it => it.Aid,
            _ => default(Aid?),
        }).OfType<Aid>();
        HashSet<Aid> all = [.. looked, .. set, .. changed, .. product.Application is { } personalized ? [personalized] : Array.Empty<Aid>()];
        all.ExceptWith(Installed(product).Select(install => install.Instance));
        all.ExceptWith(Domains(product));
        return all;
    }

    private static IEnumerable<LifeCycleOf> Looks(CardProduct product)
    {
        foreach (var check in Checks(product).Concat(product.Rewrites.SelectMany(Checks)))
            if (check.Read is CheckCommand.LifeCycle read) yield return read.Of;
        if (product.Start is { } start) yield return start.Of;
    }

    /// <summary>What the product accepts at the start, or says that is before the first change.</summary>
    private static byte? FirstState(CardProduct product, RegistryScope scope, Aid aid)
    {
        var of = new LifeCycleOf(scope, aid);
        if (product.Start is { } start && start.Of == of) return start.Accepted[0];
        var issue = Checks(product).Where(IsOf).Select(check => (check.NotDone as Expectation.State)?.LifeCycle).ToList();
        // What only rewrites speak of is as the first of them wants it.
        return issue.Count > 0 ? issue[0]
            : product.Rewrites.SelectMany(rewrite => rewrite.Before).Where(IsOf).Select(check => (check.Done as Expectation.State)?.LifeCycle)
                .FirstOrDefault();

        bool IsOf(CheckDefinition check) => check.Read is CheckCommand.LifeCycle read && read.Of == of;
    }

    private static IEnumerable<CheckDefinition> Checks(CardProduct product) =>
        product.Records.SelectMany(record => record.Look.Concat(record.Checks)).Concat(product.Close.Look);

    private static IEnumerable<CheckDefinition> Checks(RewriteDefinition rewrite) =>
        rewrite.Records.SelectMany(record => record.Look.Concat(record.Checks)).Concat(rewrite.Before).Concat(rewrite.Close.Look);

    /// <summary>The data objects that tell which card it is.</summary>
    private static IEnumerable<int> Told(CardProduct product) => product.IdentitySources.SelectMany(source => source switch
    {
        IdentitySource.CardImageNumber => (int[])[GetData.CardImageNumber],
        IdentitySource.IssuerAndCardNumber => [GetData.IssuerNumber, GetData.CardImageNumber],
        IdentitySource.DataObject other => [other.Tag],
        _ => [],
    }).Distinct();
}
