using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Core.Cards.Products;

/// <summary>A rule that a product breaks.</summary>
/// <param name="Property">The property that it is about, as the JSON file names it.</param>
/// <param name="Record">The record's number, or 0.</param>
/// <param name="Message">What is wrong, and what would be right.</param>
public sealed record ProductFault(string Property, int Record, string Message)
{
    /// <summary>The rewrite that it is in; null for the issue.</summary>
    public string? Rewrite { get; init; }
}

/// <summary>Which combinations make sense. A product that breaks a rule is not taken in.</summary>
internal static partial class ProductRules
{
    private const byte LastBlock = 0x80, EncryptionBits = 0x60, FormatBits = 0x18, DgiFormat = 0x08, TlvFormat = 0x10;
    private const byte BeginRMac = 0x7A, EndRMac = 0x78, GetResponse = 0xC0;

    /// <summary>All rules that a product breaks.</summary>
    public static IReadOnlyList<ProductFault> Check(CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        var faults = new List<ProductFault>();
        CheckWhole(product, faults);
        for (var i = 0; i < product.Records.Count; i++) CheckRecord(product, i + 1, product.Records[i], faults);
        CheckClose(product, faults);
        CheckOwnKeys(product, faults);
        CheckDomainKeys(product, faults);
        foreach (var message in IdentityFaults(product)) faults.Add(new ProductFault("identity", 0, message));
        foreach (var message in ProgramFaults(product)) faults.Add(new ProductFault("programs", 0, message));
        foreach (var message in DomainFaults(product)) faults.Add(new ProductFault("securityDomains", 0, message));
        CheckRewrites(product, faults);
        // What is measured is measured by the rules above.
        if (faults.Count > 0) return faults;
        faults.AddRange(FaultsOfEveryOrder(product));
        foreach (var rewrite in product.Rewrites)
            foreach (var fault in FaultsOfEveryOrder(product.Rewrite(rewrite.Name)!)) faults.Add(fault with { Rewrite = rewrite.Name });
        return faults;
    }

    private static IEnumerable<string> IdentityFaults(CardProduct product)
    {
        var sources = product.Identity;
        for (var i = 0; i < sources.Count; i++)
        {
            if (sources.Span[..i].Contains(sources[i])) yield return "the same source is named twice";
            if (sources[i] is IdentitySource.DiversificationData or IdentitySource.ProvedDiversificationData && product.Diversification is KeyDiversification.None)
                yield return "shared keys do not prove what INITIALIZE UPDATE tells, and it can't be read again in the channel: "
                    + "name another source, such as {\"getData\": \"00CF\"}";
            if (sources[i] is not IdentitySource.Assigned assigned) continue;
            if (i < sources.Count - 1)
                yield return "a card gets a number where nothing before tells of it: what comes after assigned would never be asked";
            if (assigned.Command is { } header && CommandFault(header) is { } fault) yield return $"command {header:X8}: {fault}";
            var p1 = assigned.StoreDataP1;
            if (assigned.Command is null && ((p1 & LastBlock) == 0 || (p1 & EncryptionBits) != 0 || (p1 & FormatBits) == FormatBits))
                yield return "storeDataP1 marks the last block (bit 8) of a series that has one, is not encrypted, and is of one format: "
                    + "90, 88 or 80";
        }
    }

    private static void CheckWhole(CardProduct product, List<ProductFault> faults)
    {
        void Fault(string property, string message) => faults.Add(new ProductFault(property, 0, message));
        if (!NameRule.Accepts(product.Name)) Fault("name", $"a name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -");
        if (product.Version < 1) Fault("version", "versions start at 1");
        if (!NameRule.Accepts(product.KeySet)) Fault("keySet", $"a key set's name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -");
        if (product.KeyVersion == 0) Fault("keyVersion", "a key version number is 01 to FF: keys are named, never left to the card");
        foreach (var (property, message) in ChannelFaults(product)) Fault(property, message);
        if (product.Records.Count is 0 or > ProtocolLimits.MaxRecords) Fault("records", $"a product has 1 to {ProtocolLimits.MaxRecords} records");
        if (product.SecurityLevel is SecurityLevel.None or SecurityLevel.RMac) Fault("securityLevel", "write data is at least MACed: 01, 03, 11, 13 or 33");
        CheckStoreData(product, faults);
        foreach (var message in QuirkFaults(product)) Fault("quirks", message);
        if (product.Start is { Accepted.Count: 0 }) Fault("acceptedStates", "a start state that no card can be in lets no card in: name a state, or leave it out");
        // In both modes wrapped bytes pass the terminal outside of any module.
        if (!product.SecurityLevel.HasCEnc() && !product.ExposedToTerminal)
            Fault("exposedToTerminal", "at this security level write data passes the terminal readable; use 03, 13 or 33, or say exposedToTerminal: true");
    }

    private static void CheckStoreData(CardProduct product, List<ProductFault> faults)
    {
        void Fault(string message) => faults.Add(new ProductFault("storeData", 0, message));
        if (((product.PlainP1 | product.EncryptedP1) & LastBlock) != 0)
            Fault("P1 with bit 8 set marks the last block, and that is the closing's alone: say 08, not 88");
        if ((product.PlainP1 & EncryptionBits) == EncryptionBits) Fault("plainP1 says that data is encrypted (bits 7 and 6)");
        if ((product.EncryptedP1 & EncryptionBits) == 0) Fault("encryptedP1 does not say that data is encrypted (bits 7 and 6)");
    }

    /// <summary>A quirk that changes nothing is a mistake about the card.</summary>
    private static IEnumerable<string> QuirkFaults(CardProduct product)
    {
        var quirks = product.Quirks;
        if (quirks.AskedKeyVersion == product.KeyVersion || quirks.AnsweredKeyVersion == product.KeyVersion)
            yield return "a key version number that is keyVersion's own is no quirk: leave it out";
        if (!quirks.CountsEmptyCommands && !product.SecurityLevel.HasCEnc())
            yield return "at this security level nothing is encrypted, so no command is counted: leave countsEmptyCommands out";
    }

    /// <summary>The format bits of P1 (GPCS table 11-89) and what is sent under them.</summary>
    private static IEnumerable<string> ItemFaults(CardProduct product, ValueList<ItemDefinition> items)
    {
        foreach (var item in items)
        {
            if (item.IsContent) continue;
            var format = (item.Secret ? product.EncryptedP1 : product.PlainP1) & FormatBits;
            if (item is ItemDefinition.Command command)
            {
                if (CommandFault(command.Header) is { } fault) yield return $"command {command.Header:X8}: {fault}";
            }
            else if (item is not (ItemDefinition.PutKeys or ItemDefinition.DomainKeys)
                && (item is ItemDefinition.DataObject ? format == DgiFormat : format == TlvFormat))
            {
                yield return item is ItemDefinition.DataObject
                    ? "data objects need a P1 of BER-TLV (10, 70) or no format (00, 60): see storeData"
                    : "data groupings need a P1 of DGI (08, 68) or no format (00, 60): see storeData";
            }
        }
    }

    /// <summary>A command that ends the channel, or changes what is selected, would leave the card to commands that it was not meant to get.</summary>
    private static string? CommandFault(uint header) => ((byte)(header >> 24), (byte)(header >> 16)) switch
    {
        (not (0x00 or 0x80), _) => "its class must be 00 or 80: the secure channel and its logical channel are not the product's to choose",
        (_, Instructions.Select or Instructions.ManageChannel) => "SELECT and MANAGE CHANNEL end the secure channel",
        (_, Instructions.InitializeUpdate or Instructions.ExternalAuthenticate or BeginRMac or EndRMac) => "the secure channel is the profile's to open and close",
        (_, Instructions.StoreData) => "STORE DATA is written by dgi, tag and hexDgi, which count its blocks",
        (_, GetResponse) => "GET RESPONSE is the reader's to send",
        (_, var ins) when ins >> 4 is 6 or 9 => "INS 6X and 9X are no instructions (ISO 7816-3)",
        _ => null,
    };

    private static void CheckRecord(CardProduct product, int number, RecordDefinition record, List<ProductFault> faults)
    {
        void Fault(string property, string message) => faults.Add(new ProductFault(property, number, message));
        var level = product.SecurityLevel;
        if (record.Items.Count == 0 && record.Status is null) Fault("items", "a record writes something: items, or status");
        if (record.Proof is not (ProofKind.TerminalWord or ProofKind.Cryptogram) && !level.HasRMac())
            Fault("proof", "this proof needs the card's MAC on its responses: security level 11, 13 or 33; or terminalWord");
        foreach (var message in ItemFaults(product, record.Items)) Fault("items", message);
        foreach (var (property, message) in ContentFaults(product, record)) Fault(property, message);
        var reads = record.Proof is ProofKind.ReadBack or ProofKind.ReadBackAfterClose or ProofKind.CardState;
        if (reads && record.Checks.Count == 0) Fault("checks", "this proof reads something back: say what in checks");
        if (!reads && record.Checks.Count > 0) Fault("checks", "checks belong to the proofs readBack, readBackAfterClose and cardState");
        if (record.Proof is ProofKind.CardState && record.Checks.Any(c => c.Read is not CheckCommand.LifeCycle))
            Fault("checks", "cardState reads life cycle states");
        if (record.Repeat is RepeatRule.LookFirst && record.Look.Count == 0 && !record.PutsKeys) Fault("look", "lookFirst needs a look");
        if (record.Repeat is not RepeatRule.LookFirst && record.Look.Count > 0) Fault("look", "a look belongs to lookFirst");
        CheckReads(product, record.Checks, message => Fault("checks", message));
        CheckReads(product, record.Look, message => Fault("look", message));
        CheckLook(record.Look, "the record was not done", message => Fault("look", message));
        if (record.Look.Count > 0 && !level.HasRMac()) Fault("look", "a look is worth nothing without the card's MAC on its responses: security level 11, 13 or 33");
        if (record.Repeat is RepeatRule.StartOver ? record.RestartAt < 1 || record.RestartAt > number : record.RestartAt != 0)
            Fault("repeat", "startOver names this record or an earlier one, and nothing else does");
    }

    private static void CheckClose(CardProduct product, List<ProductFault> faults)
    {
        void Fault(string property, string message) => faults.Add(new ProductFault(property, 0, message));
        var close = product.Close;
        if (product.ClosesByReading && product.Doing is null) Fault("close", "the closing does something: items, or status");
        foreach (var message in ItemFaults(product, close.Items)) Fault("close", message);
        if (close.Items.Any(item => item.IsContent)) Fault("close", "programs are loaded, installed and deleted in records, not in the closing");
        if (close.Look.Count == 0) Fault("close.look", "a closing needs a look, so that one in doubt can be settled");
        CheckReads(product, close.Look, message => Fault("close.look", message));
        if (!product.ClosesByReading) CheckLook(close.Look, "the card is not closed", message => Fault("close.look", message));
    }

    private static void CheckLook(ValueList<CheckDefinition> look, string before, Action<string> fault)
    {
        if (look.Any(c => c.NotDone is null)) fault($"each check of the look says what it reads when {before} (notDone)");
        if (look.Any(c => c.NotDone == c.Done)) fault("done and notDone are the same, so the look tells nothing");
    }

    private static void CheckReads(CardProduct product, ValueList<CheckDefinition> checks, Action<string> fault)
    {
        // Whatever is expected, what the card answers is what it holds.
        if (checks.Any(c => c.Read is not CheckCommand.LifeCycle) && !product.SecurityLevel.HasREnc() && !product.ExposedToTerminal)
            fault("a read-back of customer data passes the terminal readable at this security level; use 33, or say exposedToTerminal: true");
        // INSTALL [for personalization] passes on STORE DATA alone (GPCS §11.5.2.3.6).
        if (checks.Any(c => c.Read is CheckCommand.ReadRecord) && product.Application is not null)
            fault("a security domain has no records to read: readRecord needs an application that holds the channel itself");
        if (checks.Any(c => !Fits(c.Read, c.Done) || c.NotDone is { } notDone && !Fits(c.Read, notDone)))
            fault("a life cycle is a state, and only a life cycle is one");
    }

    private static bool Fits(CheckCommand read, Expectation expectation) => (read is CheckCommand.LifeCycle) == (expectation is Expectation.State);
}
