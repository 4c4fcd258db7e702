using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>Writes the commands of a GlobalPlatform product, before secure messaging.</summary>
internal sealed class CommandWriter(CardProduct product, CardPrograms programs)
{
    /// <summary>What lists an entry; of several that begin alike, more may wait.</summary>
    private static readonly ValueList<ushort> Listed = [StatusWords.Ok, StatusWords.MoreData];

    private readonly ProgramWriter _programs = new(product, programs);

    /// <summary>
    /// The look at a record that puts keys: which keys the card says it has. What it is worth to ask again is that the channel is alive;
    /// that the keys are there, the opening showed.
    /// </summary>
    public static CardCommand KeyInformation { get; } =
        new(GetData.Command(GetData.KeyInformationTemplate), [Protocol.Messages.ExpectedStatus.Any]);

    // A response that carries an R-MAC has data, so it is asked for.
    private readonly int? _le = product.SecurityLevel.HasRMac() ? CommandApdu.MaxShortLe : null;

    /// <summary>
    /// Items in their order. STORE DATA comes after INSTALL [for personalization] where the data is for an application behind a security domain, and
    /// again after a command in between, so that nothing hangs on whether the card's series outlives it.
    /// </summary>
    /// <param name="items">The items.</param>
    /// <param name="encryption">The DEK of the card that is open.</param>
    /// <param name="last">Whether they end the series.</param>
    /// <param name="firstBlock">The number of the first block.</param>
    /// <param name="ownIds">Which of its own keys the card has already.</param>
    public List<CardCommand> Store(
        IReadOnlyList<RenderedItem> items, IDataEncryption encryption, bool last, int firstBlock, ValueList<byte> ownIds = default)
    {
        var commands = new List<CardCommand>();
        var block = firstBlock;
        for (var at = 0; at < items.Count;)
        {
            if (items[at].Header is { } header)
            {
                commands.Add(Command(header, items[at].Data));
                at++;
                continue;
            }
            if (items[at].PutsKeys)
            {
                commands.AddRange(PutKeys(encryption, ownIds));
                at++;
                continue;
            }
            if (items[at].KeysOf is { } domain)
            {
                commands.AddRange(DomainKeys(product.SecurityDomain(domain)!, encryption));
                block = 0;
                at++;
                continue;
            }
            if (items[at].Content is not null)
            {
                commands.AddRange(_programs.Commands(items[at]));
                at++;
                continue;
            }
            var run = items.Skip(at).TakeWhile(item => item.IsStored).Select(item => Code(item, encryption)).ToList();
            at += run.Count;
            var isLast = last && !items.Skip(at).Any(item => item.IsStored);
            var profile = new StoreDataProfile(product.PlainP1, product.EncryptedP1, MaxData, product.Packed, _le);
            var store = StoreData.Commands(profile, run, isLast, product.Application is null ? block : 0);
            if (product.Application is { } application) commands.Add(new CardCommand(Install.ForPersonalization(application)));
            commands.AddRange(store.Select(c => new CardCommand(c)));
            block += store.Count;
        }
        return commands;
    }

    /// <summary>SET STATUS, or nothing.</summary>
    public IEnumerable<CardCommand> Status(StatusChange? change)
    {
        if (change is null) return [];
        var command = SetStatus.Command(change.Scope, change.State, change.Aid);
        return [new CardCommand(new CommandApdu(command.Cla, command.Ins, command.P1, command.P2, command.Data, _le))];
    }

    /// <summary>
    /// GET STATUS of one AID. Longer ones that begin with it are listed, too (GPCS §11.4), and may fill more than one answer.
    /// </summary>
    public static CardCommand LifeCycle(LifeCycleOf of) => new(GetStatus.Command(of.Scope, false, of.Aid.Value), Listed);

    /// <summary>What is read for checks.</summary>
    public IReadOnlyList<CardCommand> Checks(ValueList<CheckDefinition> checks) => [.. checks.Select(c => Read(c.Read))];

    /// <summary>
    /// PUT KEY: all three keys in one command, which the card takes whole or not at all, or one each. A key of the new version that is
    /// there already, of a series that was cut, is put in its own place.
    /// </summary>
    private IEnumerable<CardCommand> PutKeys(IDataEncryption encryption, ValueList<byte> ownIds)
    {
        var own = product.OwnKeys ?? throw new InvalidOperationException("The product has no own keys.");
        var keys = encryption.Keys(own.Set);
        var replaced = own.Put is OwnKeysPut.Add ? PutKey.AddNew : product.TransportVersion;
        if (!own.OneByOne) return [new CardCommand(PutKey.Command(replaced, own.KeyVersion, PutKey.FirstKey, keys.Span))];
        return [.. Enumerable.Range(PutKey.FirstKey, keys.Count).Select(id => new CardCommand(PutKey.Command(
            ownIds.Contains((byte)id) ? own.KeyVersion : replaced, own.KeyVersion, (byte)id, keys[id - PutKey.FirstKey])))];
    }

    /// <summary>
    /// Through the channel of the domain that is selected. What was cut may be sent again: the same keys come in the place of themselves, and
    /// nobody has opened a channel with them yet.
    /// </summary>
    private CardCommand[] DomainKeys(ProductDomain domain, IDataEncryption encryption) =>
    [
        new CardCommand(Install.ForPersonalization(domain.Aid)),
        new CardCommand(StoreKeys.Command(domain.StoreDataP1, domain.KeyVersion, encryption.Keys(domain.Keys).Span, _le)),
    ];

    private int MaxData => ChannelLimits.MaxPlainData(product.Channel, product.SecurityLevel);

    private CardCommand Command(uint header, ByteString data) => data.Length <= MaxData
        ? new CardCommand(new CommandApdu((byte)(header >> 24), (byte)(header >> 16), (byte)(header >> 8), (byte)header, data, _le))
        : throw new ArgumentException($"command {header:X8} has {data.Length} bytes of data; {MaxData} are the most");

    private static StoreDataItem Code(RenderedItem item, IDataEncryption encryption)
    {
        var data = item.Secret ? encryption.Encrypt(item.Data.Span) : item.Data;
        if (item.Grouping is { } id) return StoreDataItem.Of(new Dgi(id, data), item.Secret);
        return item.Tag is { } tag ? StoreDataItem.Of(BerTlv.Primitive(tag, data), item.Secret) : new StoreDataItem(data, item.Secret);
    }

    private static CardCommand Read(CheckCommand read) => read switch
    {
        // ISO 7816-4: P1 the record, P2 the short file identifier and "record number in P1".
        CheckCommand.ReadRecord record => new CardCommand(
            new CommandApdu(0x00, 0xB2, record.Record, (byte)(record.FileId << 3 | 0x04), default, CommandApdu.MaxShortLe)),
        CheckCommand.GetData data => new CardCommand(GetData.Command(data.Tag)),
        CheckCommand.LifeCycle lifeCycle => LifeCycle(lifeCycle.Of),
        _ => throw new InvalidOperationException($"No one writes {read.GetType().Name}."),
    };
}
